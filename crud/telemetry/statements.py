"""What is made of the time that statements take: it belongs to the request at hand, and slow ones are logged.

In: statements of one source, as text and seconds. Out: a line of the log for each that took too long, with its text and
without its values: they are parameters, and nobody here is given them.
"""

from dataclasses import dataclass

import structlog

from crud.telemetry import figures
from crud.telemetry.calls import CALL

log = structlog.get_logger()
MOST = 10_000  # characters of a statement


@dataclass(frozen=True)
class Statements:
    """The observer of one source. `slow`: from how many seconds on a statement is logged; 0 is never."""

    source: str
    slow: float = 0.0

    def ran(self, text: str, seconds: float) -> None:
        """A statement has taken so long."""
        if call := CALL.get():
            call.ran(self.source, seconds)
        if self.slow and seconds >= self.slow:
            figures.count("slow_statements", self.source)
            log.warning("slow statement", source=self.source, ms=round(seconds * 1000, 2), statement=text[:MOST])

    def waited(self, seconds: float) -> None:
        """A transaction has begun after so long."""
        figures.count("begin_wait_seconds", self.source, by=seconds)
        if call := CALL.get():
            call.ran(self.source, seconds)
