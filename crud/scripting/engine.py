"""One process that evaluates expressions, as its parent sees it.

In: the source of an expression and its bounds. Out: its `Result`, or why there is none. The process is started with an
empty environment and no file of ours but two pipes; it is ended by SIGKILL as soon as it is late or says anything that
was not asked. Every wait has an end.
"""

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

PROGRAM = (sys.executable, "-I", "-B", str(Path(__file__).with_name("child.py")))
ENVIRONMENT = {"TZ": "UTC0", "LC_ALL": "C"}
START_SECONDS = 10.0
MOST_DIGITS = 1000
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?")
Said = Mapping[str, object]


class Failed(Exception):
    """An expression gave no value: why, in words for whoever wrote it."""


class Lost(Exception):
    """The process cannot be used any more: it is gone, or speaks out of turn."""


class Late(Lost):
    """It did not answer in time."""


@dataclass(frozen=True)
class Result:
    """What an expression gave: JavaScript's word for its kind, the value as JavaScript writes it, and its seconds."""

    kind: str
    text: str
    took: float = 0.0

    @property
    def value(self) -> object:
        """The value: None, a bool, an int, a Decimal or a text. Raises Failed."""
        match self.kind:
            case "null":
                return None
            case "boolean":
                return self.text == "true"
            case "number" | "bigint":
                return number(self.text)
            case _:
                return self.text


def number(text: str) -> int | Decimal:
    """A number as JavaScript writes it. Raises Failed for what is none."""
    if len(text) > MOST_DIGITS or not _NUMBER.fullmatch(text):
        raise Failed(f"its result {text[:40]} is no number that could be kept")
    return int(text) if _INTEGER.fullmatch(text) else Decimal(text)


class Engine:
    """A process. `worn`: it was asked and has not answered, or has said itself that it shall not be used again."""

    def __init__(self, memory: int, program: Sequence[str] = PROGRAM) -> None:
        self.memory, self.worn, self._number = memory, False, 0
        self._process = subprocess.Popen(
            [*program, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            bufsize=0,
            start_new_session=True,  # what is typed at our terminal is not meant for it
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is there and could be asked."""
        return self._process.poll() is None

    def start(self) -> None:
        """Wait until it is ready. Raises Lost."""
        if self._line(time.monotonic() + START_SECONDS, 100).get("ready") is not True:
            raise Lost("it does not start")

    def ask(self, source: str, *, seconds: float, most: int) -> Result:
        """The result of an expression, of at most so many characters. Raises Failed and Lost."""
        self.worn = True
        self._number += 1
        until = time.monotonic() + seconds
        asked = {"number": self._number, "source": source, "seconds": seconds, "most": most}
        self._send(json.dumps(asked).encode() + b"\n", until)
        said = self._line(until, 6 * most + 1000)
        if said.get("number") != self._number:
            raise Lost("it spoke out of turn")
        found = outcome_of(said.get("result"))
        self.worn = said.get("worn") is not False
        if isinstance(found, Failed):
            raise found
        return replace(found, took=seconds - (until - time.monotonic()))

    def end(self) -> None:
        """End the process and what is left of it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)  # a large memory takes its time to be given back

    # ------------------------------------------------------------ lines

    def _send(self, data: bytes, until: float) -> None:
        while data:
            self._await(self._in, select.POLLOUT, until)
            try:
                data = data[os.write(self._in, data) :]
            except BrokenPipeError:
                raise Lost("it is gone") from None

    def _line(self, until: float, most: int) -> Said:
        held = bytearray()
        while not held.endswith(b"\n"):
            self._await(self._out, select.POLLIN, until)
            more = os.read(self._out, 65536)
            if not more:
                raise Lost("it is gone")
            held += more
            if len(held) > most:
                raise Lost("it says too much")
        return data_of(bytes(held))

    def _await(self, pipe: int, event: int, until: float) -> None:
        waiting = select.poll()
        waiting.register(pipe, event)
        left = until - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            raise Late("it is late")


def data_of(line: bytes) -> Said:
    """The object of a line. Raises Lost."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise Lost("it says what is no JSON") from None
    if not isinstance(said, dict):
        raise Lost("it says what is no object")
    return said


def outcome_of(said: object) -> Result | Failed:
    """What became of an expression. Raises Lost."""
    match said:
        case {"kind": str(kind), "text": str(text)}:
            return Result(kind, text) if encodable(text) else Failed("half of a surrogate pair is no text")
        case {"failed": str(why)}:
            return Failed(why.encode(errors="replace").decode())
    raise Lost("it says nothing of a result")


def encodable(text: str) -> bool:
    """Whether a text is one: halves of surrogate pairs are none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
