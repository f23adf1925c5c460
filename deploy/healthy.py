"""Whether the service at BIND is ready: the question of a container's health check.

In: `BIND`, as gunicorn takes it. Out: 0 where `GET /ready` is answered 200, else 1.
"""

import http.client
import os
import socket
import sys

SECONDS = 4


def connection(bind: str) -> http.client.HTTPConnection:
    """A connection to a socket of the system, or to a port of this host."""
    if not bind.startswith("unix:"):
        return http.client.HTTPConnection("127.0.0.1", int(bind.rpartition(":")[2]), timeout=SECONDS)
    made = http.client.HTTPConnection("localhost", timeout=SECONDS)
    made.sock = socket.socket(socket.AF_UNIX)
    made.sock.settimeout(SECONDS)
    made.sock.connect(bind.removeprefix("unix:"))
    return made


def ready(bind: str) -> bool:
    """Whether it answers, and says that it is ready."""
    try:
        asking = connection(bind)
        asking.request("GET", "/ready")
        return asking.getresponse().status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if ready(os.environ.get("BIND") or "127.0.0.1:3000") else 1)
