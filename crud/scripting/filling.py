"""Texts and data with their expressions evaluated: what the rest of the program uses.

In: texts that may hold `${{ … }}`, the limits. Out: the values that they mean. What an expression gave is a value and
nothing else: it is not looked through for expressions, and nobody parses it. One `Scripts` serves one request, or one
run of a plan, whose expressions share its time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import structlog

from crud.definitions.settings import Limits
from crud.scripting.engine import Failed, Late, Lost, Result
from crud.scripting.finding import OPEN, Code, Unclosed, parts
from crud.scripting.pool import POOL, Pool

log = structlog.get_logger()
SHOWN = 80


class ScriptError(Exception):
    """An expression that gives no value: which, and why. Says nothing of this machine."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{OPEN} {shortened(source)} }}}}: {why}")
        self.source, self.why = source, why


def shortened(source: str) -> str:
    """An expression on one line, its beginning where it is long."""
    line = " ".join(source[: SHOWN * 4].split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]} …"


@dataclass
class Scripts:
    """The expressions of one request or run. Raises ScriptError, and Full of `crud.scripting.pool`."""

    limits: Limits
    pool: Pool = POOL
    _count: int = 0
    _used: float = 0.0

    def value(self, text: str) -> object:
        """What a text means: with one expression and nothing else, the value of it, else a text."""
        match taken_apart(text):
            case [Code(source)]:
                return self._valued(source)
            case found:
                return "".join(map(self._told, found))

    def text(self, text: str) -> str:
        """A text with the results of its expressions in it."""
        return "".join(map(self._told, taken_apart(text)))

    def inside(self, data: object) -> object:
        """JSON data with the value of each of its texts. A name in it may hold no expression."""
        match data:
            case str():
                return self.value(data) if OPEN in data else data
            case dict():
                return {_plain(name): self.inside(item) for name, item in data.items()}
            case list():
                return [self.inside(item) for item in data]
            case _:
                return data

    def _told(self, part: str | Code) -> str:
        return part if isinstance(part, str) else self._evaluated(part.source).text

    def _valued(self, source: str) -> object:
        try:
            return self._evaluated(source).value
        except Failed as failed:
            raise ScriptError(source, str(failed)) from None

    def _evaluated(self, source: str) -> Result:
        self._count += 1
        self._bounded(source)
        try:
            result = self.pool.evaluate(source, self.limits, seconds=self.limits.script_seconds - self._used)
        except Failed as failed:
            raise ScriptError(source, str(failed)) from None
        except Lost as lost:
            raise self._ended(source, lost) from None
        self._used += result.took
        return result

    def _bounded(self, source: str) -> None:
        if self._count > self.limits.scripts:
            raise ScriptError(source, f"more than {self.limits.scripts} expressions")
        if len(source) > self.limits.script_chars:
            raise ScriptError(source, f"is longer than {self.limits.script_chars} characters")

    def _ended(self, source: str, lost: Lost) -> ScriptError:
        log.warning("an expression and its process were ended", why=str(lost), characters=len(source))
        late = f"took longer than {self.limits.script_seconds:g} seconds"
        return ScriptError(source, late if isinstance(lost, Late) else "the engine broke off")


def taken_apart(text: str) -> list[str | Code]:
    """The parts of a text. Raises ScriptError."""
    try:
        return parts(text)
    except Unclosed as error:
        raise ScriptError(text[error.place + len(OPEN) :], "is not closed") from None


def _plain(name: str) -> str:
    """A name in data, which is never made of anything else."""
    if OPEN in name:
        raise ScriptError(name.partition(OPEN)[2], "stands in a name; expressions stand in values")
    return name


def mentions(data: object) -> bool:
    """Whether JSON data holds an expression in any of its texts or names. Looked for without recursion."""
    level = [data]
    while level:
        if any(isinstance(item, str) and OPEN in item for item in level):
            return True
        level = [child for item in level for child in _within(item)]
    return False


def _within(item: object) -> Iterator[object]:
    match item:
        case Mapping():
            yield from item.keys()
            yield from item.values()
        case list():
            yield from item
