"""Pieces of SQL that cannot fall out of step with their parameters.

In: constants of our own source, identifiers that a backend quotes, and values. Out: `Fragment`, whose text has one
mark for each binder, in order. A binder takes the `Bindings` of one execution and gives the parameter: text is made
once per shape of query, parameters at every execution.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import LiteralString, Protocol

_HOLE = re.compile(r"(\{\{|\}\}|\{\d?\})")
_BRACES = {"{{": "{", "}}": "}"}


@dataclass(frozen=True)
class Bindings:
    """What one execution binds: the caller's values, who asks, when; the keys of the parents of an include; and what
    a write stores, in the order of its columns."""

    values: tuple[object, ...] = ()
    actor: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    now: datetime = datetime.min
    parents: tuple[tuple[object, ...], ...] = ()
    row: tuple[object, ...] = ()


Binder = Callable[[Bindings], object]


class Quoting(Protocol):
    """Something that quotes identifiers: a backend."""

    def ident(self, name: str, /) -> str: ...


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL. Made by `sql`, `ident`, `value` and `join` alone."""

    text: str
    params: tuple[Binder, ...] = ()

    def __add__(self, other: "Fragment") -> "Fragment":
        return Fragment(self.text + other.text, self.params + other.params)


def sql(template: LiteralString, *parts: Fragment) -> Fragment:
    """A constant with holes: `{}` takes the next part, `{0}` the numbered one; `{{` and `}}` are braces."""
    texts: list[str] = []
    params: list[Binder] = []
    following = iter(parts)
    for piece in _pieces(template):
        if isinstance(piece, str):
            texts.append(piece)
            continue
        part = next(following) if piece is None else parts[piece]
        texts.append(part.text)
        params.extend(part.params)
    return Fragment("".join(texts), tuple(params))


@lru_cache(maxsize=512)
def _pieces(template: str) -> tuple[str | int | None, ...]:
    return tuple(_piece(part) for part in _HOLE.split(template) if part)


def _piece(part: str) -> str | int | None:
    if part == "{}":
        return None
    if part[0] == "{" and part[-1] == "}":
        return int(part[1:-1])
    return _BRACES.get(part, part)


def ident(backend: Quoting, *names: str, under: str = "") -> Fragment:
    """A quoted identifier, `names` from outside in; `under` is an alias of our own before it."""
    quoted = [backend.ident(name) for name in names]
    return Fragment(".".join([under, *quoted] if under else quoted))


def value(mark: LiteralString, binder: Binder) -> Fragment:
    """A parameter: the backend's mark (with its cast), and what gives the value at execution."""
    return Fragment(mark, (binder,))


def join(separator: LiteralString, parts: Iterable[Fragment]) -> Fragment:
    """The parts with a constant between them."""
    listed = list(parts)
    params = tuple(binder for part in listed for binder in part.params)
    return Fragment(separator.join(part.text for part in listed), params)
