"""What gunicorn serves: `gunicorn --config deploy/gunicorn.conf.py wsgi:application`.

Each worker watches the files of the configuration.
"""

from app import create_app
from crud.snapshots.watching import Watch

application = create_app()
Watch(application.extensions["dragoman"].state).start()
