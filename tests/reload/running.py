"""A small service behind a real gunicorn, as `make run` starts it, and clients of it."""

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crud.snapshots.startup import assemble, configured
from crud.snapshots.state import Snapshot
from tests.dialects.conftest import ADMIN, SECRET, headers_of
from tests.newcomers import create_account
from tests.programs import GUNICORN, ROOT, WAIT, free_port, until, until_it_answers

WORKERS = 4
NAMES = ("PATH", "HOME", "LANG")


@dataclass(frozen=True)
class Running:
    """A running service. `headers` are those of an administrator."""

    folder: Path
    port: int
    master: int
    snapshot: Snapshot
    headers: dict[str, str]

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "config.yml"

    @property
    def log(self) -> str:
        """What the service has said."""
        return (self.folder / "log").read_text()

    def workers(self) -> list[int]:
        """The processes that answer."""
        return workers_of(self.master)

    def client(self) -> "Client":
        """A client with a connection of its own."""
        return Client(self.port, self.headers)


def workers_of(master: int) -> list[int]:
    """The children of gunicorn's master that are gunicorn; `flask reload` is another one."""
    children = map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())
    return sorted(pid for pid in children if "gunicorn" in of_process(pid, "cmdline"))


def serving(master: int) -> list[int]:
    """Those of them that have loaded the application."""
    return [pid for pid in workers_of(master) if of_process(pid, "comm") == "dragoman\n"]


def of_process(pid: int, name: str) -> str:
    """What /proc says of a process; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def _until_all_serve(master: int, count: int) -> None:
    until(lambda: len(serving(master)) >= count)


@dataclass
class Client:
    """One client."""

    port: int
    headers: dict[str, str]
    connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and body of an answer, on a connection of its own: any worker may take it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            headers = self.headers | ({"Content-Type": "application/json"} if body is not None else {})
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def running(
    folder: Path, text: str, *, port: int = 0, prefix: Sequence[str] = (), fds: Sequence[int] = (), **others: str
) -> Iterator[Running]:
    """Start the service of a configuration; stop it at the end. `port`: where it answers, if not at a free one;
    `prefix`: what starts it; `fds`: files that it is given; `others`: of its environment."""
    folder.mkdir(exist_ok=True)
    (folder / "config.yml").write_text(text)
    port = port or free_port()
    variables = {"DRAGOMAN_CONFIG": str(folder / "config.yml"), "HOST": "127.0.0.1", "PORT": str(port)}
    variables |= {"PYTHONPATH": str(ROOT), "WEB_CONCURRENCY": str(WORKERS)} | others
    environment = {name: os.environ[name] for name in NAMES if name in os.environ} | variables
    snapshot = assemble(*_named(folder / "config.yml"))
    create_account(snapshot.system, email=ADMIN[0], password_hash="x", roles=("admin",))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*prefix, *GUNICORN, "wsgi:application"],
            cwd=folder,
            env=environment,
            stderr=log,
            stdout=log,
            start_new_session=True,
            pass_fds=fds,
        )
        try:
            until_it_answers(port)
            _until_all_serve(process.pid, int(variables["WEB_CONCURRENCY"]))
            yield Running(folder, port, process.pid, snapshot, headers_of(snapshot, ADMIN[0]))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(WAIT)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            for database in snapshot.databases.values():
                database.close()


def _named(path: Path) -> tuple[object, ...]:
    config, texts = configured(path)
    return config, (), texts


__all__ = ["SECRET", "Client", "Running", "of_process", "running", "serving", "workers_of"]
