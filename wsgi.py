"""What gunicorn serves: `gunicorn --config deploy/gunicorn.conf.py wsgi:application`.

Each worker watches the files of the configuration. One that starts while the database is away waits for it.
"""

import ctypes
from contextlib import suppress

from app import create_app
from crud.snapshots.watching import Watch

# glibc would keep the 19 MB in which a thread has hashed a password, for each thread: what is so large is given back.
M_MMAP_THRESHOLD, LARGE = -3, 8 * 1024 * 1024
with suppress(OSError, AttributeError):  # another C library
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)

application = create_app(waits=True)
Watch(application.extensions["dragoman"].state).start()
