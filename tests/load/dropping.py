"""A socket between a service and PostgreSQL that drops the connection at COMMIT, before or after the server has it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

COMMIT = b"COMMIT\0"
When = Literal["before", "after"]


@dataclass
class Proxy:
    """What passes. `drop` is asked at the next COMMIT and forgotten then; `commits` and `inserts` are counted."""

    server: Path
    drop: When | None = None
    commits: int = 0
    inserts: int = 0
    deaf: set[socket.socket] = field(default_factory=set)

    def serve(self, listening: socket.socket) -> None:
        """Each connection in threads of its own, until the socket is closed."""
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self.server))
            for pump, pair in ((self._asked, (client, server)), (self._answered, (server, client))):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    def _asked(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                self.inserts += data.count(b"INSERT INTO")
                self.commits += data.count(COMMIT)
                if COMMIT in data and self.drop:
                    self._lose(data, client, server)
                    return
                server.sendall(data)
        _close(client, server)

    def _lose(self, data: bytes, client: socket.socket, server: socket.socket) -> None:
        """The client hears nothing; the server has done it, or not."""
        when, self.drop = self.drop, None
        self.deaf.add(client)
        if when == "after":
            server.sendall(data + b"X\0\0\0\4")  # and goodbye: when the server hangs up, it has committed
            with suppress(OSError):
                while server.recv(65536):
                    pass
        _close(client, server)

    def _answered(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if client not in self.deaf:
                    client.sendall(data)
        _close(server, client)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def dropping(url: str, folder: Path) -> Iterator[tuple[str, Proxy]]:
    """The URL of the same database through a proxy in this folder, and the proxy."""
    behind = Path(url.partition("?host=")[2])
    name = ".s.PGSQL.5432"
    proxy = Proxy(behind / name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / name))
    listening.listen()
    thread = threading.Thread(target=proxy.serve, args=(listening,), daemon=True)
    thread.start()
    try:
        yield url.replace(str(behind), str(folder)), proxy
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
