"""How gunicorn serves: what `make run` and the service of systemd start, and what SIGHUP does.

A SIGHUP to the master runs `flask reload`: the files are read again, checked whole and put in force on every worker of
every host. gunicorn's own way, new workers in the place of the old ones, would end the service where a file is broken.
A worker that takes the place of one that has ended serves what is in force, also where the files are broken meanwhile;
and so does one whose files break while it starts.

Modules are loaded once, before the fork; the application is made after it: each worker opens its own connections,
threads and processes.
"""

import gc
import os
import re
import subprocess
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.http.message import Request
from gunicorn.systemd import SD_LISTEN_FDS_START
from gunicorn.workers.base import Worker


def _number(name: str, default: int) -> int:
    """A whole number of the environment. With none of them, nobody would be there to answer."""
    given = os.environ.get(name) or str(default)
    if not given.isdecimal() or int(given) < 1:
        sys.exit(f"{name} is {given}: it must be a whole number, 1 or more")
    return int(given)


FIGURES = "PROMETHEUS_MULTIPROC_DIR"
cores = len(os.sched_getaffinity(0))
shm = Path("/dev/shm")

bind = os.environ.get("BIND") or "127.0.0.1:3000"  # without it, what HOST, PORT or the configuration say (_listening)
workers = _number("WEB_CONCURRENCY", min(2 * cores + 1, 9))
worker_class = "gthread"
threads = _number("THREADS", 4)
backlog = 2048
graceful_timeout = 30  # for what is under way when a worker ends; a statement takes five seconds at most
max_requests = 100_000  # then another worker takes its place, never all at once
max_requests_jitter = 20_000
worker_tmp_dir = str(shm) if os.access(shm, os.W_OK) else None  # its heartbeat waits for no disk
control_socket_disable = True

# How long a query may be is answered by us, in the words of its dialect. A header may be as long as nginx lets it be.
limit_request_line = 0
limit_request_field_size = 131_072
limit_request_fields = 100

# A proxy is believed as far as `server.proxy_hops` counts, and by the application alone.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

# Behind a proxy on this host one connection is one request. Who has no thread for it leaves it to another worker.
if bind.startswith("unix:"):
    keepalive = 0
    worker_connections = threads


def _as_typed(request: Request, line: bytes) -> None:
    """curl sends an address as it was typed: what is not ASCII in it is taken as if it were percent-encoded."""
    _parsed(request, BEYOND_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), line))


BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_parsed, Request.parse_request_line = Request.parse_request_line, _as_typed


def on_starting(server: Arbiter) -> None:
    """A SIGHUP reloads the configuration and leaves the workers as they are. The figures of all workers of this master
    are in a directory of its own; what is in memory is in one that they share with a master that takes over."""
    from crud.places import new_place
    from crud.staging import groups

    if not os.environ.get("BIND") and server.cfg.bind == [bind]:
        server.cfg.set("bind", _listening())
    server.reload = partial(_reload, server)
    server.figures = new_place("figures")
    os.environ[FIGURES] = str(server.figures.path.parent)
    groups.begin()
    import_module("app")  # a worker is there a third of a second sooner, and shares the memory
    gc.collect()
    gc.freeze()  # modules are no garbage: the collectors of the workers do not look at them


def _listening() -> str:
    """What the environment says, else the configuration: no option and no BIND does."""
    from crud.definitions.problems import ConfigError
    from crud.snapshots import startup

    try:
        return startup.listening(startup.configuration())
    except ConfigError as error:
        sys.exit(str(error))


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What a worker has counted is kept, and its files are not."""
    from crud.telemetry import workers as others

    try:
        others.ended(server.figures.path.parent, worker.pid)
    except Exception:  # what is raised here would end the master
        server.log.exception("The figures of a worker that has ended are lost")


def on_exit(server: Arbiter) -> None:
    """The directories go with the master."""
    from crud.staging import groups

    server.figures.remove()
    groups.end()


def _reload(server: Arbiter) -> None:
    server.log.info("Reloading the configuration")
    server.log.reopen_files()
    environment = {name: value for name, value in os.environ.items() if name != FIGURES}
    subprocess.Popen([sys.executable, "-m", "flask", "--app", "app", "reload"], env=environment)


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """What a worker is told of how it starts. The first ones put the files in force."""
    from crud.snapshots import inherited

    inherited.remember(again=worker.age > server.cfg.workers)


def post_worker_init(worker: Worker) -> None:
    """A worker that serves is called so, by which those who replace others know (`ps --ppid`, roll.sh)."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text("dragoman")


def pre_exec(server: Arbiter) -> None:
    """Before another master takes this one's place (SIGUSR2): it looks for systemd's sockets from 3 on."""
    if server.systemd:
        for number, listener in enumerate(server.LISTENERS, start=SD_LISTEN_FDS_START):
            os.dup2(listener.fileno(), number)
