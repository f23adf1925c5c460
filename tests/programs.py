"""What tests share that start programs: where they are, ports, and patience.

In: nothing. Out: a free port; waiting until something is so.
"""

import random
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
GUNICORN = (str(BIN / "gunicorn"), "--config", str(ROOT / "deploy" / "gunicorn.conf.py"))  # as `make run` has it
WAIT = 30.0
PORTS = range(20_000, 32_000)  # below those that systems give to connections that go out


def free_port() -> int:
    """A port at which nobody listens, and which no connection of another test is given meanwhile."""
    for port in random.SystemRandom().sample(PORTS, 100):
        with suppress(OSError), socket.socket() as listening:
            listening.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def until(true: Callable[[], object], patience: float = WAIT) -> None:
    """Wait until it is so. It is asked ever less often: what is waited for needs the processor, too."""
    pause, end = 0.01, time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"not so after {patience:g} seconds"
        time.sleep(pause)
        pause = min(pause * 1.3, 0.25)


def until_it_answers(port: int) -> None:
    """Wait for a service."""
    until(lambda: _answers(port))


def _answers(port: int) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/server/info", timeout=1).close()
        return True
    return False
