"""The processes of one worker that evaluate expressions: started when they are needed, at most so many at once.

In: the source of an expression, the limits, the seconds that it has. Out: its `Result`. Whoever finds no process free
within `script_wait_seconds` is turned away. A process that was lost or has grown is ended and another takes its place.
They end with the worker; a worker that was forked starts its own.
"""

import atexit
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from crud.definitions.settings import Limits
from crud.scripting.engine import PROGRAM, Engine, Lost, Result
from crud.telemetry import figures

log = structlog.get_logger()


class Full(Exception):
    """All processes are busy, or none can be started."""


class Pool:
    """The processes of this worker."""

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._program = program
        self.forget()

    def forget(self) -> None:
        """Begin without processes: those that there were belong to somebody else."""
        self._free = threading.Condition()
        self._idle: list[Engine] = []
        self._busy = 0

    def evaluate(self, source: str, limits: Limits, *, seconds: float) -> Result:
        """The result of an expression. Raises Failed, Late, Lost and Full."""
        outcome = "done"
        try:
            with self._place(limits), self._engine(limits.script_memory_bytes) as engine:
                return engine.ask(source, seconds=seconds, most=limits.script_result_chars)
        except Exception as error:
            outcome = type(error).__name__.lower()
            raise
        finally:
            figures.count("scripts", outcome)

    def close(self) -> None:
        """End the processes that wait for work."""
        with self._free:
            while self._idle:
                self._idle.pop().end()

    @contextmanager
    def _place(self, limits: Limits) -> Iterator[None]:
        with self._free:
            if not self._free.wait_for(lambda: self._busy < limits.scripts_at_once, limits.script_wait_seconds):
                raise Full("Too many expressions are evaluated at once, try again")
            self._busy += 1
        try:
            yield
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify()

    @contextmanager
    def _engine(self, memory: int) -> Iterator[Engine]:
        engine = self._waiting(memory) or self._started(memory)
        try:
            yield engine
        finally:
            if engine.worn:
                engine.end()
            else:
                with self._free:
                    self._idle.append(engine)

    def _waiting(self, memory: int) -> Engine | None:
        """A process that is there already and may have just so much memory."""
        with self._free:
            while self._idle:
                engine = self._idle.pop()
                if engine.memory == memory and engine.alive:
                    return engine
                engine.end()
        return None

    def _started(self, memory: int) -> Engine:
        try:
            engine = Engine(memory, self._program)
        except OSError as error:
            raise self._no_engine(error) from None
        try:
            engine.start()
        except Lost as lost:
            engine.end()
            raise self._no_engine(lost) from None
        return engine

    def _no_engine(self, why: Exception) -> Full:
        log.error("no process can be started to evaluate expressions; is quickjs installed?", why=str(why))
        return Full("Expressions cannot be evaluated now")


POOL = Pool()
os.register_at_fork(after_in_child=POOL.forget)
atexit.register(POOL.close)
