"""Clients that send or read slowly, many more than there are threads: nobody else waits for them.

The service has one worker of two threads. The databases have no part in it: SQLite alone.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.deploy.behind import needs_nginx, served
from tests.dialects.conftest import SECRET
from tests.reload.conftest import CONFIG
from tests.reload.running import Running

pytestmark = needs_nginx
SLOW, THREADS = 24, 2
LONG = 2_000_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose list of notes is longer than what the system keeps of an answer that nobody takes in."""
    folder = tmp_path_factory.mktemp("slow")
    text = "server: {proxy_hops: 1}\n" + CONFIG.format(url=f"sqlite:///{folder / 'db'}", secret=f'"{SECRET}"')
    with served(folder, text, WEB_CONCURRENCY="1", THREADS=str(THREADS)) as made:
        with made.snapshot.system.transaction() as session:
            for _ in range(4):
                session.execute("INSERT INTO notes (body) VALUES (?)", ("x" * LONG,))
        yield made


def headers(service: Running) -> str:
    return "".join(f"{name}: {text}\r\n" for name, text in service.headers.items())


# kind → what one client sends before it falls silent
SENT: dict[str, Callable[[Running], str]] = {
    "headers": lambda service: "GET /items/notes?limit=1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "bodies": lambda service: (
        f"POST /items/notes HTTP/1.1\r\nHost: localhost\r\n{headers(service)}"
        'Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{"body": "'
    ),
    "imports": lambda service: (
        f"POST /items/notes/import-csv HTTP/1.1\r\nHost: localhost\r\n{headers(service)}"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 40000000\r\n\r\n--b\r\n"
    ),
    "readers": lambda service: "GET /items/notes HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


def slow(stack: ExitStack, service: Running, text: str) -> socket.socket:
    """A client that sends this much, and takes next to nothing in."""
    made = stack.enter_context(socket.socket())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(30)
    made.connect(("127.0.0.1", service.port))
    made.sendall(text.encode())
    return made


@pytest.mark.parametrize("kind", SENT)
def test_nobody_waits_for_slow_clients(service: Running, kind: str) -> None:
    with ExitStack() as stack:
        clients = [slow(stack, service, SENT[kind](service)) for _ in range(SLOW)]
        if kind == "readers":
            assert all(client.recv(12) == b"HTTP/1.1 200" for client in clients)
        answers = [service.client().send("GET", "/items/notes/1?fields=id") for _ in range(2 * THREADS)]
        answers += [service.client().send("POST", "/items/notes", {"body": "quick"}) for _ in range(2 * THREADS)]
        assert [status for status, _ in answers] == [200] * 2 * THREADS + [201] * 2 * THREADS
        for client in clients if kind != "readers" else ():
            client.setblocking(False)
            with pytest.raises(BlockingIOError):  # they are still there: nothing was answered, and nobody hung up
                client.recv(1)
