"""How the service logs: one JSON object a line, on standard output; commands, which print there, on standard error.

In: which of the two. Out: structlog and the logging of libraries, configured. A line of a request has its id and its
trace. A traceback is one member of its line; values of a request are never logged.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Literal, TextIO

import orjson
import structlog

from crud.telemetry.calls import names

Stream = Literal["stdout", "stderr"]
Line = MutableMapping[str, Any]


class Sink:
    """Where lines go. A file that is gone ends nothing."""

    def __init__(self) -> None:
        self.file: TextIO = sys.stderr
        self._lock = Lock()

    def msg(self, line: str) -> None:
        """Write a line whole."""
        with self._lock, suppress(OSError, ValueError):
            self.file.write(line + "\n")
            self.file.flush()

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


SINK = Sink()


class Lines(logging.Formatter):
    """What libraries log, as lines like ours."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _json({**line, **names(), "timestamp": _now()})


class _Handler(logging.Handler):
    """The handler of the root logger."""

    def emit(self, record: logging.LogRecord) -> None:
        SINK.msg(self.format(record))


def configure(stream: Stream = "stderr") -> None:
    """Log as JSON lines with time and level."""
    SINK.file = sys.stdout if stream == "stdout" else sys.stderr
    structlog.configure(
        processors=[
            _named,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: SINK,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if not any(isinstance(each, _Handler) for each in root.handlers):
        handler = _Handler()
        handler.setFormatter(Lines())
        root.addHandler(handler)


def access(line: Mapping[str, object]) -> None:
    """The line of a request: there is one for each, so it takes a shorter way."""
    SINK.msg(_json({"event": "request", "level": "info", **names(), **line, "timestamp": _now()}))


def _named(_logger: object, _method: str, line: Line) -> Line:
    """Every line of a request says which."""
    for name, value in names().items():
        line.setdefault(name, value)
    return line


def _json(line: Mapping[str, object]) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # text that is no Unicode
        return orjson.dumps({name: ascii(value) for name, value in line.items()}).decode()


def _now() -> str:
    return f"{datetime.now(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
