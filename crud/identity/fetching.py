"""A document from outside: fetched over a connection that goes where it should, and ends when it should.

In: a URL of the configuration. Out: its bytes, or `FetchError`. The address is looked at when the connection is made,
so that no name can lead into the private network by changing its mind; nothing is followed anywhere else; size and
time are bounded, whatever the other side does.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from urllib.parse import urlsplit

MOST_BYTES = 512 * 1024


class FetchError(Exception):
    """The document cannot be had. The message is for the log."""


@dataclass(frozen=True)
class Outside:
    """How far a fetch may go."""

    seconds: float = 5.0
    allow_private: bool = False
    most_bytes: int = MOST_BYTES


def fetch(url: str, bounds: Outside) -> bytes:
    """The document at a URL. Raises FetchError."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError("not an http URL")
    try:
        address = _address(parts.hostname, parts.port or (443 if secure else 80), bounds)
        with _connected(address, parts.hostname if secure else None, bounds) as connection:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Host": parts.netloc.rpartition("@")[2], "Connection": "close"})
            return _body(connection, bounds)
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(f"{type(error).__name__}: {error}"[:200]) from error


def _address(host: str, port: int, bounds: Outside) -> tuple[str, int]:
    """Where the name leads; one private address among several is enough to refuse it."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not bounds.allow_private and not all(_public(address) for address in found):
        raise FetchError("the name leads to a private address")
    return found[0], port


def _public(address: str) -> bool:
    seen = ip_address(address.partition("%")[0])
    mapped = getattr(seen, "ipv4_mapped", None)
    return (mapped or seen).is_global and not (mapped or seen).is_multicast


@contextmanager
def _connected(address: tuple[str, int], name: str | None, bounds: Outside) -> Iterator[HTTPConnection]:
    """A connection to exactly this address, cut when the time is over. `name`: what its certificate must say."""
    plain = socket.create_connection(address, bounds.seconds)
    cut = threading.Timer(bounds.seconds, _cut, (plain,))
    cut.daemon = True
    cut.start()
    connection = HTTPConnection(*address, timeout=bounds.seconds)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=name) if name else plain
        yield connection
    finally:
        cut.cancel()
        connection.close()
        plain.close()


def _cut(plain: socket.socket) -> None:
    with suppress(OSError):
        plain.shutdown(socket.SHUT_RDWR)


def _body(connection: HTTPConnection, bounds: Outside) -> bytes:
    answer = connection.getresponse()
    if answer.status != 200:
        raise FetchError(f"answered {answer.status}")
    body = answer.read(bounds.most_bytes + 1)
    if len(body) > bounds.most_bytes:
        raise FetchError(f"is longer than {bounds.most_bytes} bytes")
    if answer.length:
        raise FetchError("ended too early")
    return body
