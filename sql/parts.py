"""What belongs to a table besides its columns: key, uniques, indexes, words of enums, references, each under its name.

In: a layout and the name of a backend. Out: `Part`s. A name follows from the table, the columns and the kind alone, so
that two tables that are laid out alike have parts of the same names, whatever they were before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sql.catalog import Table
from sql.introspection import ForeignKey
from sql.layout import Layout

Kind = Literal["key", "unique", "folded", "index", "check", "reference"]
_MAX_NAME = 60  # PostgreSQL cuts names at 63 bytes
_ENDINGS = {"key": "pkey", "unique": "key", "folded": "ci", "index": "idx", "check": "check", "reference": "fkey"}


@dataclass(frozen=True)
class Part:
    """One part. Two that are equal but for the name are the same part. `words`: those that a check allows; of a unique
    that ignores case, which columns do."""

    kind: Kind
    name: str
    columns: tuple[str, ...]
    unique: bool = False
    words: tuple[str, ...] = ()
    reference: ForeignKey | None = None


def parts(layout: Layout, backend: str) -> tuple[Part, ...]:
    """All parts of a table, each name once."""
    made: dict[str, Part] = {}
    for part in (*_constraints(layout), *_indexes(layout, backend)):
        made.setdefault(part.name, part)
    return tuple(made.values())


def _constraints(layout: Layout) -> Iterator[Part]:
    if layout.key:
        yield Part("key", name_of("key", layout.table), layout.key)
    for unique in dict.fromkeys(layout.uniques):
        yield Part("unique", name_of("unique", layout.table, unique), unique, unique=True)
    for column in layout.columns:
        if column.type.name == "enum" and column.type.values:
            name = name_of("check", layout.table, (column.name,))
            yield Part("check", name, (column.name,), words=column.type.values)
    for key in layout.references:
        yield Part("reference", _reference_name(layout, key), key.columns, reference=key)


def _reference_name(layout: Layout, key: ForeignKey) -> str:
    """The same columns may lead to several tables."""
    alike = [other for other in layout.references if other.columns == key.columns]
    further = (key.target.name, *key.target_columns) if len(alike) > 1 else ()
    return name_of("reference", layout.table, (*key.columns, *further))


def _indexes(layout: Layout, backend: str) -> Iterator[Part]:
    for index in layout.indexes:
        yield Part("index", index.name, index.columns, unique=index.unique)
    for columns in _unserved(layout):
        yield Part("index", name_of("index", layout.table, columns), columns)
    if backend == "postgres":
        yield from _folded(layout)


def _unserved(layout: Layout) -> Iterator[tuple[str, ...]]:
    """The columns of references that no key, unique or index begins with."""
    there = (layout.key, *layout.uniques, *(index.columns for index in layout.indexes))
    served = {columns[:size] for columns in there for size in range(1, len(columns) + 1)}
    for columns in dict.fromkeys(key.columns for key in layout.references):
        if columns not in served:
            yield columns


def _folded(layout: Layout) -> Iterator[Part]:
    """Texts that ignore case are unique so too: SQLite's NOCASE folds ASCII, and so does PostgreSQL under "C"."""
    asked = (index.columns for index in layout.indexes if index.unique)
    for columns in dict.fromkeys((layout.key, *layout.uniques, *asked)):
        words = tuple("ci" if layout.column(name).type.name == "citext" else "" for name in columns)
        if "ci" in words:
            yield Part("folded", name_of("folded", layout.table, columns), columns, unique=True, words=words)


def name_of(kind: Kind, table: Table, columns: tuple[str, ...] = ()) -> str:
    """What a part is called. A digest tells names apart that would be cut, or could be taken for each other."""
    named = "__".join((table.name, *columns))
    name = f"{named}{'_' if columns else '__'}{_ENDINGS[kind]}"
    if len(name.encode()) <= _MAX_NAME and named.lstrip("_").count("__") == len(columns) and "___" not in name:
        return name
    digest = f"{_digest(chr(0).join((table.name, *columns, kind))):08x}"
    return name.encode()[: _MAX_NAME - 9].decode(errors="ignore") + "_" + digest


def _digest(name: str) -> int:
    total = 2166136261
    for byte in name.encode():
        total = (total ^ byte) * 16777619 % 2**32
    return total
