"""The sample project behind a real gunicorn, as `make run` starts it: four workers with two threads each.

In: the URL of an empty database. Out: `Service`, with the token of its administrator, until the block ends.
"""

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crud.identity.accounts import sql_for
from crud.identity.passwords import hash_password
from sql.database import Database, Options, Row
from sql.opening import open_database
from tests.dialects.conftest import ADMIN, SECRET
from tests.programs import GUNICORN, ROOT, WAIT, free_port, until_it_answers

WORKERS = 4
ENVIRONMENT = {"WEB_CONCURRENCY": str(WORKERS), "THREADS": "2", "DRAGOMAN_SECRET": SECRET, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Service:
    """A running service over a database."""

    url: str
    port: int
    pid: int
    token: str

    def connect(self) -> http.client.HTTPConnection:
        """A connection of a client's own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)

    def send(self, connection: http.client.HTTPConnection, method: str, path: str, body: object) -> tuple[int, bytes]:
        """Status and body of the answer to one request as the administrator."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def workers(self) -> list[int]:
        """The processes that answer."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def rows(self, text: str, *params: object) -> list[Row]:
        """The rows of a statement, straight from the database; `?` marks on both backends."""
        with opened(self.url) as database:
            return database.fetch(sql_for(database, text), params)


STOP_SECONDS = 8


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database beside the service."""
    database = open_database(url, options=Options())
    try:
        yield database
    finally:
        database.close()


@contextmanager
def serving(url: str, folder: Path, config: Path = ROOT / "config.yml", **variables: str) -> Iterator[Service]:
    """Start the service of a configuration, with variables of its environment; sign in; stop it at the end."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGOMAN", "ADMIN", "FLASK"))}
    named = {"DATABASE_URL": url, "DRAGOMAN_CONFIG": str(config), "HOST": "127.0.0.1", "PORT": str(port)}
    process = subprocess.Popen(
        [*GUNICORN, "wsgi:application"],
        cwd=folder,
        env=kept | named | ENVIRONMENT | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until_it_answers(port)
        yield Service(url, port, process.pid, _signed_in(Service(url, port, process.pid, "")))
    finally:
        stopped(process)


def stopped(process: subprocess.Popen[bytes]) -> None:
    """Ask the master to stop; end its whole group where it does not (a pool from before the fork may hold it)."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _signed_in(service: Service) -> str:
    with opened(service.url) as database, database.transaction() as session:
        text = sql_for(database, "UPDATE _dragoman_users SET password_hash = ? WHERE email = ?")
        session.execute(text, (hash_password(ADMIN[1]), ADMIN[0]))
    connection = service.connect()
    body = {"email": ADMIN[0], "password": ADMIN[1]}
    status, answer = service.send(connection, "POST", "/auth/login", body)
    connection.close()
    assert status == 200, answer
    return str(json.loads(answer)["token"])
