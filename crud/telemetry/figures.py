"""Figures of this service for Prometheus: what is counted and measured, by names that are few.

In: events, from wherever they happen. Out: the text that Prometheus reads, of all workers together. Where several
processes serve, PROMETHEUS_MULTIPROC_DIR is their directory (`crud.telemetry.workers`). Nothing is counted before
`start()`: a command at a terminal has no figures. Labels are templates of paths and words of ours, never what a caller
has written. Where figures cannot be written, this process counts no more, and serves on.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, ParamSpec

import structlog

from sql.connections import Connections

if TYPE_CHECKING:
    from prometheus_client import Gauge

log = structlog.get_logger()
P = ParamSpec("P")
Labels = tuple[str, ...]
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "dragoman_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BY_REQUEST, _BY_SOURCE = ("route", "dialect", "method"), ("source",)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# name → what it is, its labels; each counter ends in _total
COUNTERS: Mapping[str, tuple[str, Labels]] = {
    "requests": ("Requests that were answered.", (*_BY_REQUEST, "status")),
    "statements": ("Statements of requests.", _BY_SOURCE),
    "statement_seconds": ("Seconds that statements of requests took.", _BY_SOURCE),
    "slow_statements": ("Statements that took longer than telemetry.slow_seconds.", _BY_SOURCE),
    "begin_wait_seconds": (
        "Seconds until transactions began: SQLite's writers queue, PostgreSQL's connections may be taken.",
        _BY_SOURCE,
    ),
    "connection_waits": ("How often a connection was waited for.", _BY_SOURCE),
    "connection_wait_seconds": ("Seconds in which connections were waited for.", _BY_SOURCE),
    "connections_refused": ("How often a connection was waited for in vain.", _BY_SOURCE),
    "connections_lost": ("Connections that were lost.", _BY_SOURCE),
    "cache_answers": ("Answers for which the cache was asked: hit, miss, or not for keeping (unkept).", ("result",)),
    "reloads": ("What was put in force: done here, refused, followed from another worker, failed to.", ("result",)),
    "refusals": ("Callers who knocked too often, by the kind of door.", ("door",)),
    "scripts": ("Expressions that were evaluated: done, failed, late, lost, or full.", ("result",)),
}
GAUGES: Mapping[str, tuple[str, Labels]] = {
    "connections": ("Connections to databases: open, idle; and waiting, who waits for one.", ("source", "state")),
    "workers": ("Processes that serve.", ()),
    "resident_bytes": ("Memory of the processes that serve.", ()),
    "open_files": ("Open files and sockets of the processes that serve.", ()),
}
REQUEST_SECONDS = ("request_seconds", "How long requests took.", _BY_REQUEST)


class Figures:
    """The figures of this process."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = own = CollectorRegistry()
        self._counters = {name: Counter(PREFIX + name, *said, registry=own) for name, said in COUNTERS.items()}
        self._gauges = {
            name: Gauge(PREFIX + name, *said, registry=own, multiprocess_mode="livesum")
            for name, said in GAUGES.items()
        }
        name, meaning, labels = REQUEST_SECONDS
        self._seconds = Histogram(PREFIX + name, meaning, labels, registry=own, buckets=BUCKETS)
        self._children: dict[tuple[str, Labels], Counter] = {}
        self._answered: dict[tuple[Labels, str], tuple[Counter, Histogram]] = {}
        self._looked, self._known = 0.0, dict[str, Connections]()
        self._looking = Lock()
        self._gauges["workers"].set(1)

    def count(self, name: str, labels: Labels, by: float) -> None:
        """Something has happened."""
        child = self._children.get((name, labels))
        if child is None:
            counter = self._counters[name]
            child = self._children[name, labels] = counter.labels(*labels) if labels else counter
        child.inc(by)

    def answered(self, labels: Labels, status: str, seconds: float) -> None:
        """A request has taken so long."""
        pair = self._answered.get((labels, status))
        if pair is None:
            counter = self._counters["requests"].labels(*labels, status)
            pair = self._answered[labels, status] = (counter, self._seconds.labels(*labels))
        pair[0].inc()
        pair[1].observe(seconds)

    def look(self, connections: Mapping[str, Connections]) -> None:
        """How this process does now."""
        for source, now in connections.items():
            for state in ("open", "idle", "waiting"):
                self._gauge("connections", source, state).set(getattr(now, state))
            for name, by in _since(self._known.get(source, Connections()), now):
                self.count(name, (source,), by)
        self._known = dict(connections)
        with suppress(OSError):
            self._gauges["resident_bytes"].set(_resident())
            self._gauges["open_files"].set(len(os.listdir("/proc/self/fd")))

    def due(self, seconds: float) -> bool:
        """Whether nobody has looked for so long: of several at once one does."""
        if monotonic() < self._looked + seconds or not self._looking.acquire(blocking=False):
            return False
        self._looked = monotonic()
        self._looking.release()
        return True

    def _gauge(self, name: str, *labels: str) -> "Gauge":
        return self._gauges[name].labels(*labels)


def _since(before: Connections, now: Connections) -> Iterator[tuple[str, float]]:
    """What has been added. Counts that are lower are those of other connections, which began anew."""
    pairs = {
        "connection_waits": (before.waits, now.waits),
        "connection_wait_seconds": (before.waited_seconds, now.waited_seconds),
        "connections_refused": (before.refused, now.refused),
        "connections_lost": (before.lost, now.lost),
    }
    for name, (then, count) in pairs.items():
        yield name, count - then if count >= then else count


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


# ---------------------------------------------------------------- of this process

_HELD: list[Figures] = []
_STARTING = Lock()
FILES, FILE_BYTES = ("counter", "histogram", "gauge_livesum"), 65_536


def _harmless(told: Callable[P, None]) -> Callable[P, None]:
    """Figures that cannot be written end, and nothing else does."""

    @wraps(told)
    def tried(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            told(*args, **kwargs)
        except (OSError, ValueError) as error:
            _HELD.clear()
            log.warning("figures cannot be written", reason=str(error))

    return tried


@_harmless
def start() -> None:
    """From here on events are counted."""
    with _STARTING:
        if not _HELD:
            if folder := os.environ.get(FOLDER):
                _make_room(Path(folder))
            _HELD.append(Figures())


def _make_room(folder: Path) -> None:
    """The files have their room before they are mapped: a write into a map that finds none would end the process."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in FILES:
        with (folder / f"{kind}_{os.getpid()}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, FILE_BYTES)


@_harmless
def count(name: str, *labels: str, by: float = 1) -> None:
    """Something has happened."""
    for figures in _HELD:
        figures.count(name, labels, by)


@_harmless
def answered(route: str, dialect: str, method: str, *, status: int, seconds: float) -> None:
    """A request has been answered."""
    for figures in _HELD:
        figures.answered((route, dialect, method), str(status), seconds)


def due(seconds: float = 1.0) -> bool:
    """Whether it is time to `look` again."""
    return any(figures.due(seconds) for figures in _HELD)


@_harmless
def look(connections: Mapping[str, Connections]) -> None:
    """How this process does now, with its connections by source."""
    for figures in _HELD:
        figures.look(connections)


def text() -> bytes:
    """What Prometheus reads. Raises OSError where there is none."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    folder = os.environ.get(FOLDER)
    if folder is None and not _HELD:
        raise OSError("No figures could be written")
    if folder is None:
        return generate_latest(_HELD[0].registry)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)
    with turn(Path(folder), fcntl.LOCK_SH):
        return generate_latest(registry)


@contextmanager
def turn(folder: Path, kind: int) -> Iterator[None]:
    """Files are read by many at once, or rearranged by one."""
    held = os.open(folder / "turn", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(held, kind)
        yield
    finally:
        os.close(held)
