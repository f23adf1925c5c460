"""The load generator: a few processes, each with one kept-alive connection, each asking again once it is answered.

In: a port, paths and a token. Out: answered requests per second. It reads no more of an answer than its length, so
that the server, not the client, is what is measured. Any status but 200 ends the measurement.
"""

import socket
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle

CLIENTS = 4
_BLOCK = 1 << 16


def measure(port: int, paths: tuple[str, ...], token: str | None, *, seconds: float) -> float:
    """Requests per second over all clients."""
    with ProcessPoolExecutor(CLIENTS) as pool:
        counts = [pool.submit(_drive, port, paths, token, seconds, offset) for offset in range(CLIENTS)]
        return sum(count.result() for count in counts) / seconds


def _drive(port: int, paths: tuple[str, ...], token: str | None, seconds: float, offset: int) -> int:
    requests = cycle([_request(path, token) for path in paths[offset % len(paths) :] + paths[: offset % len(paths)]])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _ask(connection, next(requests))
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            _ask(connection, next(requests))
            count += 1
    return count


def _request(path: str, token: str | None) -> bytes:
    identity = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{identity}\r\n".encode()


def _ask(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    received = bytearray()
    while (head := received.find(b"\r\n\r\n")) < 0:
        received += _block(connection)
    if not received.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{request[:200]!r} was answered {bytes(received[:200])!r}")
    missing = head + 4 + _length(received[:head].lower()) - len(received)
    while missing > 0:
        missing -= len(_block(connection))


def _length(head: bytearray) -> int:
    _, _, rest = head.partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0])


def _block(connection: socket.socket) -> bytes:
    block = connection.recv(_BLOCK)
    if not block:
        raise RuntimeError("The server closed the connection.")
    return block
