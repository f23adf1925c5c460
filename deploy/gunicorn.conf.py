"""How gunicorn serves: what `make run` starts, and what SIGHUP does.

A SIGHUP to the master runs `flask reload`: the files are read again, checked whole and put in force on every worker of
every host. gunicorn's own way, new workers in the place of the old ones, would end the service where a file is broken.
A worker that takes the place of one that has ended serves what is in force, also where the files are broken meanwhile;
and so does one whose files break while it starts.
"""

import os
import subprocess
import sys
from functools import partial

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '3000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
limit_request_line = 0  # how long a query may be is answered by us
graceful_timeout = 10
control_socket_disable = True


def on_starting(server: Arbiter) -> None:
    """A SIGHUP reloads the configuration and leaves the workers as they are."""
    server.reload = partial(_reload, server)


def _reload(server: Arbiter) -> None:
    server.log.info("Reloading the configuration")
    server.log.reopen_files()
    subprocess.Popen([sys.executable, "-m", "flask", "--app", "app", "reload"])


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """What a worker is told of how it starts. The first ones put the files in force."""
    from crud.snapshots import inherited

    inherited.remember(again=worker.age > server.cfg.workers)
