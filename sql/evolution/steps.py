"""The steps by which tables change.

In: nothing; `sql.evolution.postgres` and `sql.evolution.sqlite` make them. Out: `Run`, `Check` and `Rebuild`, and their
text as one would type it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sql.backend import Backend
from sql.catalog import Table
from sql.fragment import Bindings, Fragment

_MARKS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\?|%s""")


@dataclass(frozen=True)
class Run:
    """A statement. `what` it does to `table`, in words, for where it cannot."""

    text: str
    table: str
    what: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True)
class Check:
    """A statement that counts what is in the way. `why`: words with the count in them; nothing may be counted."""

    text: str
    table: str
    what: str
    why: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True)
class Rebuild:
    """Statements that drop a table and make another one in its place. What else there is on it (triggers, and indexes
    that are not ours) is made again; except indexes over columns that are `gone`."""

    table: Table
    gone: tuple[str, ...]
    steps: tuple[Run, ...]


Step = Run | Check | Rebuild


def run(fragment: Fragment, table: Table, what: str) -> Run:
    """A statement with parameters."""
    return Run(fragment.text, table.name, what, tuple(binder(Bindings()) for binder in fragment.params))


def texts(steps: Sequence[Step], backend: Backend) -> Iterator[str]:
    """What changes something, as text without parameters."""
    for step in steps:
        match step:
            case Run():
                yield _shown(step, backend)
            case Rebuild():
                yield from texts(step.steps, backend)


def _shown(step: Run, backend: Backend) -> str:
    params = iter(step.params)
    mark = "?" if backend.name == "sqlite" else "%s"
    text = _MARKS.sub(lambda found: _value(next(params)) if found[0] == mark else found[0], step.text)
    return text if backend.name == "sqlite" else text.replace("%%", "%")


def _value(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int() | float():
            return str(value)
        case bytes():
            return f"X'{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"
