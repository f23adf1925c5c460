"""Starts what is measured, each under gunicorn with one worker of four threads, and stops it again.

In: a WSGI name and an environment. Out: a port that answers. Dragoman is prepared first (its own tables, an account).
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import jwt
import orjson

ROOT = Path(__file__).resolve().parent.parent
# The account outlives a run, together with the data; it guards nothing.
EMAIL, PASSWORD = "bench@example.com", "a password of the bench"
SECRET = secrets.token_urlsafe(48)
_PATIENCE = 30.0


@contextmanager
def serving(wsgi: str, database_url: str, log: Path) -> Iterator[int]:
    """A server of one worker on a free port, for the time of the block."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    command += ["--worker-class", "gthread", "--threads", "4", "--limit-request-line", "0", "--no-control-socket", wsgi]
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=_environment(database_url), stdout=output, stderr=output)
        try:
            _wait(port, server, log)
            yield port
        finally:
            server.terminate()
            server.wait(20)


def prepare(database_url: str) -> None:
    """Make Dragoman's own tables and the account that the token is for."""
    command = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
    done = subprocess.run(command, cwd=ROOT, env=_environment(database_url), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def sign_in(port: int) -> str:
    """A token of Dragoman's."""
    body = orjson.dumps({"email": EMAIL, "password": PASSWORD})
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise RuntimeError(f"The sign-in was answered {response.status} {answer!r}")
    return str(orjson.loads(answer)["token"])


def token_by_hand() -> str:
    """A token for the hand-written views."""
    return jwt.encode({"sub": "1", "exp": int(time.time()) + 86_400}, SECRET, algorithm="HS256")


def get(port: int, path: str, token: str | None) -> object:
    """The JSON of one answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path} was answered {response.status} {body[:300]!r}")
    return orjson.loads(body)


def _environment(database_url: str) -> Mapping[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "DRAGOMAN_CONFIG": str(ROOT / "bench" / "config.yml"),
        "DRAGOMAN_SECRET": SECRET,
        "BYHAND_SECRET": SECRET,
        "ADMIN_EMAIL": EMAIL,
        "ADMIN_PASSWORD": PASSWORD,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not start:\n" + log.read_text()[-2000:])
