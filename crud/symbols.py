"""Statements with a word for each parameter: whose value it is, never which.

In: a `Statement`, and the bindings with which it would be run. Out: its text with symbols, and the symbols in order:
`:value_1` is the caller's first value, `:current_user` the caller himself, `:now` the time, `:parents` the keys of the
rows that an include is of, `:constant_1` what a rule or the service has written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from types import MappingProxyType
from typing import Any

from sql.compiled import Statement
from sql.errors import SqlError
from sql.fragment import Binder, Bindings

_MARKS = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'|%s|%%|\?""")
MARK: Mapping[str, str] = MappingProxyType({"sqlite": "?", "postgres": "%s"})
_OF_ACTOR = {"id": ":current_user", "tenant": ":current_tenant"}


def symbolic(statement: Statement, mark: str, symbols: Iterable[str]) -> str:
    """The text of a statement with these symbols in the place of its parameters."""
    following = iter(symbols)

    def written(found: re.Match[str]) -> str:
        if found[0] == mark:
            return next(following)
        return found[0].replace("%%", "%") if mark == "%s" else found[0]

    return _MARKS.sub(written, statement.text)


def symbols(binders: Iterable[Binder], bindings: Bindings | None = None) -> Iterator[str]:
    """What each parameter is called."""
    numbers = count(1)
    for binder in binders:
        wanted = _wanted(binder, bindings or Bindings())
        yield wanted or f":constant_{next(numbers)}"


def _wanted(binder: Binder, bindings: Bindings) -> str:
    """What a binder takes first; empty where it takes nothing."""
    noting = _Noting(bindings.values, bindings.actor, bindings.now, bindings.parents)
    with suppress(SqlError):  # a time that cannot be said
        binder(noting)
    return next(iter(noting.wanted), "")


class _Noting(Bindings):
    """Bindings that note what is wanted of them."""

    wanted: list[str]

    def __init__(self, *bound: object) -> None:
        object.__setattr__(self, "wanted", [])
        values, actor, now, parents = bound
        super().__init__(_Values(values, self.wanted), _Actor(actor, self.wanted), now, parents)  # type: ignore[arg-type]

    def __getattribute__(self, name: str) -> object:
        if name in ("now", "parents"):
            self.wanted.append(f":{name}")
        return super().__getattribute__(name)


class _Values(tuple[object, ...]):
    """The caller's values."""

    wanted: list[str]

    def __new__(cls, values: Iterable[object], wanted: list[str]) -> "_Values":
        made = super().__new__(cls, values)
        made.wanted = wanted
        return made

    def __getitem__(self, index: Any) -> Any:
        self.wanted.append(f":value_{index + 1}")
        return super().__getitem__(index)


class _Actor(dict[str, object]):
    """What is known of the caller."""

    def __init__(self, actor: Mapping[str, object], wanted: list[str]) -> None:
        super().__init__(actor)
        self.wanted = wanted

    def get(self, name: str, default: object = None) -> object:
        self.wanted.append(_OF_ACTOR.get(name, f":current_user.{name}"))
        return super().get(name, default)
