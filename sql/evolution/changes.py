"""What can happen to a table, as values.

In: nothing. Out: `Change` (from one layout to another) and `Difference` (one thing that changes with it, in words).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sql.catalog import Table
from sql.layout import Layout

NOTHING: Mapping[str, str] = MappingProxyType({})
Kind = Literal[
    "create table",
    "drop table",
    "rename table",
    "add column",
    "drop column",
    "rename column",
    "type",
    "words",
    "storage",
    "required",
    "default",
    "formula",
    "key",
    "add unique",
    "drop unique",
    "add index",
    "drop index",
    "rename index",
    "add reference",
    "drop reference",
]


@dataclass(frozen=True)
class Change:
    """A table from one layout to another. No `old`: it is made; no `new`: it is dropped. Another table in `new`: it is
    renamed. `renamed`: new name of a column → the old one."""

    old: Layout | None
    new: Layout | None
    renamed: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class Difference:
    """One thing that changes. `table` is called as it will be, `column` too (empty: it is about no single one);
    `loses`: what is there may be lost, or no longer fit."""

    kind: Kind
    table: Table
    words: str
    loses: bool = False
    column: str = ""
