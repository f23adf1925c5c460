"""What gunicorn serves: `gunicorn --config deploy/gunicorn.conf.py wsgi:application`.

Each worker watches the files of the configuration. One that starts while the database is away waits for it.
"""

from app import create_app
from crud.snapshots.watching import Watch

application = create_app(waits=True)
Watch(application.extensions["dragoman"].state).start()
