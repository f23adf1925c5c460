"""Where a database is not as we last made it: somebody else has changed a table of ours.

In: the layout that was made, and what introspection finds. Out: the differences, in words; none where both agree. The
order of columns says nothing, and neither do values: SQLite's types are compared by the words of their declaration.
"""

from collections.abc import Iterable, Iterator

from sql.backend import Backend
from sql.catalog import Column
from sql.ddl import declared
from sql.introspection import ForeignKey, Index, TableInfo
from sql.layout import Layout
from sql.parts import parts


def drift(layout: Layout, info: TableInfo, backend: Backend) -> tuple[str, ...]:
    """What is different in the database."""
    return (
        *_columns(layout, info, backend),
        *_key(layout, info),
        *_indexes(layout, info, backend),
        *_references(layout, info),
    )


def _columns(layout: Layout, info: TableInfo, backend: Backend) -> Iterator[str]:
    found = {column.name: column for column in info.columns}
    for column in layout.columns:
        if column.name not in found:
            yield f"the column {column.name!r} is missing"
        else:
            yield from of_column(layout, column, found[column.name], backend)
    for name in (name for name in found if name not in layout.names):
        yield f"the column {name!r} is there besides"


def of_column(layout: Layout, made: Column, found: Column, backend: Backend) -> Iterator[str]:
    """What is different at one column."""
    if not _same_type(layout, made, found, backend):
        yield f"the column {made.name!r} is {found.native or found.type.name}, not {made.type.name}"
    elif made.type.values != found.type.values:
        yield f"the column {made.name!r} takes other words: {', '.join(found.type.values)}"
    if layout.optional(made) != found.nullable:
        yield f"the column {made.name!r} {'may be' if found.nullable else 'must not be'} NULL"
    if bool(made.formula) != found.generated:
        yield f"the column {made.name!r} is {'' if found.generated else 'not '}computed"


def _same_type(layout: Layout, made: Column, found: Column, backend: Backend) -> bool:
    if backend.name != "sqlite":
        return made.type.name == found.type.name and (made.type.values != () or made.type == found.type)
    words = "INTEGER" if made.name == layout.counted else declared(made.type, backend)
    return found.native.upper() == words.partition(" COLLATE ")[0].upper() or found.native.upper() == words.upper()


def _key(layout: Layout, info: TableInfo) -> Iterator[str]:
    if layout.key != info.key:
        yield f"the key is {_named(info.key)}, not {_named(layout.key)}"


def _indexes(layout: Layout, info: TableInfo, backend: Backend) -> Iterator[str]:
    made = {
        Index(part.name, part.columns, part.unique)
        for part in parts(layout, backend.name)
        if part.kind in ("unique", "index")
    }
    found = set(info.indexes)
    for index in _ordered(made - found):
        yield f"the {_kind(index)} {index.name!r} over {_named(index.columns)} is missing"
    for index in _ordered(found - made):
        yield f"the {_kind(index)} {index.name!r} over {_named(index.columns)} is there besides"


def _kind(index: Index) -> str:
    return "unique index" if index.unique else "index"


def _ordered(indexes: Iterable[Index]) -> list[Index]:
    return sorted(indexes, key=lambda index: index.name)


def _references(layout: Layout, info: TableInfo) -> Iterator[str]:
    made, found = dict.fromkeys(layout.references), dict.fromkeys(info.foreign_keys)
    yield from (f"the reference {_led(key)} is missing" for key in made if key not in found)
    yield from (f"the reference {_led(key)} is there besides" for key in found if key not in made)


def _led(key: ForeignKey) -> str:
    return (
        f"of {_named(key.columns)} to {key.target.name} {_named(key.target_columns)} on delete {key.on_delete.lower()}"
    )


def _named(columns: Iterable[str]) -> str:
    return f"({', '.join(columns)})"
