"""Layouts put together: what we made, what is wanted, and what somebody else did to the table meanwhile.

In: layouts, and what introspection found. Out: layouts. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sql.backend import Backend
from sql.catalog import Column, Table
from sql.drift import of_column
from sql.evolution.comparing import differences
from sql.introspection import TableInfo
from sql.layout import Layout, physical
from sql.parts import name_of

Renames = Mapping[str, str]  # what a column is called → what it was called


def as_recorded(layout: Layout) -> Layout:
    """The layout as far as it is recorded."""
    return replace(layout, columns=tuple(physical(column) for column in layout.columns))


def found_layout(info: TableInfo, made: Layout, backend: Backend) -> Layout:
    """The layout of a table as it stands; columns that are as they were made are those that were made."""
    known = {column.name: column for column in made.columns}
    columns = tuple(_unless_changed(column, known.get(column.name), made, backend) for column in info.columns)
    plain = tuple(index for index in info.indexes if not _is_unique(info.table, index.name, index.columns))
    uniques = tuple(index.columns for index in info.indexes if index not in plain)
    return Layout(info.table, columns, info.key, uniques, plain, info.foreign_keys)


def _unless_changed(found: Column, known: Column | None, made: Layout, backend: Backend) -> Column:
    if known is not None and not any(of_column(made, known, found, backend)):
        return known
    return physical(found)


def _is_unique(table: Table, name: str, columns: tuple[str, ...]) -> bool:
    return name == name_of("unique", table, columns)


def amid_drift(old: Layout, new: Layout, info: TableInfo, renamed: Renames) -> tuple[Layout, Layout]:
    """What has to become what, given that somebody else took columns away or added some: theirs stay, and what is gone
    is not made again unless its definition has changed."""
    there = {column.name: column for column in info.columns}
    gone = {name for name in old.names if name not in there}
    besides = [physical(column) for name, column in there.items() if name not in old.names]
    made_again = {n for n in new.names if renamed.get(n, n) in gone and _same(old, new, n, renamed)}
    kept = [column for column in besides if column.name not in new.names]
    return _without(_with(old, besides), gone), _without(_with(new, kept), made_again)


def _same(old: Layout, new: Layout, name: str, renamed: Renames) -> bool:
    before = old.column(renamed.get(name, name))
    return physical(replace(before, name=name)) == physical(new.column(name))


def _with(layout: Layout, columns: Iterable[Column]) -> Layout:
    return replace(layout, columns=(*layout.columns, *columns))


def _without(layout: Layout, names: set[str]) -> Layout:
    """The layout without these columns and what is over them."""
    if not names:
        return layout
    return replace(
        layout,
        columns=tuple(column for column in layout.columns if column.name not in names),
        key=() if names & {*layout.key} else layout.key,
        uniques=tuple(unique for unique in layout.uniques if not names & {*unique}),
        indexes=tuple(index for index in layout.indexes if not names & {*index.columns}),
        references=tuple(key for key in layout.references if not names & {*key.columns}),
    )


def safe_part(old: Layout, new: Layout, renamed: Renames) -> Layout | None:
    """As much of what is wanted as loses nothing: columns that would go stay, and those that would be narrowed stay as
    they are. None where what is wanted loses something nevertheless."""
    was = {renamed.get(column.name, column.name): column.name for column in new.columns}
    narrowed = {name for name in new.names if _narrowed(old, new, name, renamed)}
    columns = [_kept(old, column, narrowed, renamed) for column in new.columns]
    columns += [column for column in old.columns if column.name not in was]
    references = tuple(key for key in new.references if not narrowed & {*key.columns} or key in old.references)
    part = replace(new, columns=tuple(columns), references=references)
    return None if any(each.loses for each in differences(old, part, renamed)) else part


def _kept(old: Layout, column: Column, narrowed: set[str], renamed: Renames) -> Column:
    if column.name not in narrowed:
        return column
    return replace(old.column(renamed.get(column.name, column.name)), name=column.name)


def _narrowed(old: Layout, new: Layout, name: str, renamed: Renames) -> bool:
    before = renamed.get(name, name)
    if before not in old.names:
        return False
    one, other = Layout(old.table, (old.column(before),)), Layout(old.table, (new.column(name),))
    return any(each.loses for each in differences(one, other, {name: before}))
