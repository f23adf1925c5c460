"""Computed columns, on the way from one layout of a table to another.

In: the two layouts. Out: whether two formulas say the same, and which columns have to be made again: those whose
formula, or what it is computed with, is another one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sql import formulas
from sql.backend import Backend
from sql.catalog import Column
from sql.evolution.names import Names
from sql.formulas.parsing import parse
from sql.layout import Layout

_GONE = "_dragoman_gone "


def alike(old: Column, new: Column, names: Names) -> bool:
    """Whether the formula is the same, once columns have their new names."""
    if not old.formula or not new.formula:
        return old.formula == new.formula
    return parse(formulas.renamed(old.formula, names.now)) == parse(new.formula)


def remade(old: Layout, new: Layout, names: Names, backend: Backend) -> frozenset[str]:
    """New names of the columns that are computed from now on, or otherwise than before."""
    moved, wanted = _moved(old, names), {column.name: column for column in new.columns}
    staying = [column for column in new.columns if column.name in names.was and column.formula]
    return frozenset(
        column.name
        for column in staying
        if not moved[column.name].formula
        or moved[column.name].type != column.type
        or formulas.body(moved[column.name], moved, backend) != formulas.body(column, wanted, backend)
        or any(name in moved and moved[name].type != wanted[name].type for name in _used(column, wanted))
    )


def _moved(old: Layout, names: Names) -> Mapping[str, Column]:
    """The old columns under their new names."""
    called = {column.name: names.now.get(column.name, _GONE + column.name) for column in old.columns}
    return {
        called[column.name]: replace(
            column,
            name=called[column.name],
            formula=formulas.renamed(column.formula, called) if column.formula else "",
        )
        for column in old.columns
    }


def _used(column: Column, columns: Mapping[str, Column]) -> Iterator[str]:
    """The columns that a formula speaks of, and those that the formulas behind them do."""
    for name in formulas.names(column.formula):
        yield name
        if columns[name].formula:
            yield from _used(columns[name], columns)
