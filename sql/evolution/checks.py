"""What must hold of the rows before a table can change.

In: columns, old and new, of a table as it is called at that moment. Out: `Check`s, which count the rows in the way.
"""

from sql.backend import Backend
from sql.catalog import Column, Table
from sql.ddl import table_name
from sql.evolution.comparing import type_words
from sql.evolution.steps import Check
from sql.fragment import Bindings, Fragment, ident, join, sql
from sql.introspection import ForeignKey


def _check(text: Fragment, table: Table, what: str, why: str) -> Check:
    return Check(text.text, table.name, what, why, tuple(binder(Bindings()) for binder in text.params))


def _place(table: Table, backend: Backend) -> Fragment:
    return Fragment(table_name(table, backend))


def convertible(table: Table, now: Column, value: Fragment, backend: Backend) -> Check:
    """That each value has a place in the new column."""
    name = ident(backend, now.name)
    text = sql("SELECT count(*) FROM {} WHERE {} IS NOT NULL AND {} IS NULL", _place(table, backend), name, value)
    what = f"{now.name} becomes {type_words(now.type)}"
    if now.type.name == "enum":
        return _check(text, table, f"{now.name} is one of {', '.join(now.type.values)}", "{n} values are none of these")
    return _check(text, table, what, f"{{n}} values cannot become {type_words(now.type)}")


def filled(table: Table, now: Column, backend: Backend) -> Check:
    """That no row lacks a value."""
    text = sql("SELECT count(*) FROM {} WHERE {} IS NULL", _place(table, backend), ident(backend, now.name))
    return _check(text, table, f"{now.name} must not be empty", "{n} rows have no value there, and there is no default")


def empty(table: Table, now: Column, backend: Backend) -> Check:
    """That there are no rows, which would have no value in a new column."""
    text = sql("SELECT count(*) FROM {}", _place(table, backend))
    why = "{n} rows are there that would have no value, and there is no default for them"
    return _check(text, table, f"{now.name} is added and must have a value", why)


def referring(table: Table, key: ForeignKey, backend: Backend) -> Check:
    """That each row refers to one that is there."""
    here, there = Fragment("c"), Fragment("p")
    own = [ident(backend, name, under="c") for name in key.columns]
    pairs = zip(own, key.target_columns, strict=True)
    met = join(" AND ", [sql("{} = {}", mine, ident(backend, name, under="p")) for mine, name in pairs])
    said = join(" AND ", [sql("{} IS NOT NULL", mine) for mine in own])
    text = sql(
        "SELECT count(*) FROM {} AS {} WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS {} WHERE {})",
        _place(table, backend),
        here,
        said,
        _place(key.target, backend),
        there,
        met,
    )
    what = f"{', '.join(key.columns)} must refer to {key.target.name}"
    return _check(text, table, what, "{n} rows refer to none that is there")
