"""One request as it goes: what it is called, when it began, on what its time is spent.

In: nothing. Out: `Call`, and the one that this thread is at work on, which log lines name. Time belongs to one of
`PHASES`: to the one that was entered last, and that of statements to `sql`, whatever phase they run in.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType

from crud.telemetry.ids import Trace

PHASES = ("parse", "authorise", "write", "sql", "render")


@dataclass(slots=True)
class Call:
    """A request. `statements`: source → how many there were, and the seconds that they took."""

    id: str
    trace: Trace | None = None
    began: float = field(default_factory=perf_counter)
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    statements: dict[str, tuple[int, float]] = field(default_factory=dict)
    phase: str = "parse"
    since: float = field(default_factory=perf_counter)

    def enter(self, phase: str) -> str:
        """From here on time is spent on this. Gives what it was spent on before."""
        now, before = perf_counter(), self.phase
        self.spent[before] += now - self.since
        self.phase, self.since = phase, now
        return before

    def ran(self, source: str, seconds: float) -> None:
        """A statement has taken so long."""
        count, sum = self.statements.get(source, (0, 0.0))
        self.statements[source] = (count + 1, sum + seconds)
        self.spent["sql"] += seconds
        self.spent[self.phase] -= seconds

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return perf_counter() - self.began


CALL: ContextVar[Call | None] = ContextVar("call", default=None)


class spending:
    """A block in which time is spent on one of the phases."""

    __slots__ = ("before", "call", "phase")

    def __init__(self, phase: str) -> None:
        self.phase = phase

    def __enter__(self) -> None:
        self.call = CALL.get()
        self.before = self.call.enter(self.phase) if self.call else ""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.call:
            self.call.enter(self.before)


def enter(phase: str) -> None:
    """From here on time is spent on this phase, until another is entered."""
    if call := CALL.get():
        call.enter(phase)


def names() -> dict[str, str]:
    """What the request of this thread is called, for lines of the log."""
    call = CALL.get()
    if call is None:
        return {}
    if call.trace is None:
        return {"request_id": call.id}
    return {"request_id": call.id, "trace_id": call.trace.id, "span_id": call.trace.span}
