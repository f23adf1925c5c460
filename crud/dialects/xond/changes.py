"""Xond's updates and deletions, out of a key, a body and the parameters of the query string.

In: a `Grammar`, what the caller may set (`Target`), parameters. Out: `Update` and `Delete`. The base filter narrows
them as it narrows a read; `columns` and `include` choose what the answer, and with it the entity tag, is made of.
"""

from dataclasses import dataclass
from decimal import Decimal

from crud.dialects.xond.parsing import parse_conditions, parse_groups, parse_search, parse_wanted, values
from crud.errors import ApiError
from crud.limits import check_filter
from crud.presentation import View
from crud.wire.bodies import bad_body, beside_key, row_of
from crud.wire.grammar import Grammar
from crud.wire.keys import by_key, key_text
from crud.wire.params import Reader
from crud.wire.target import Target
from crud.wire.wanted import parts
from sql.catalog import Resource
from sql.commands import Delete, Update
from sql.expressions import TRUE, Filter, both
from sql.query import Query
from sql.values import coerce_strict

Row = dict[str, object]


@dataclass(frozen=True)
class _One:
    """The record of a key: how it is found, and how it is shown."""

    where: Filter
    values: tuple[object, ...]
    keyed: bool
    shown: Query


def parse_update(
    at: Grammar, target: Target, id: str, data: Row, *, query: Reader, tags: tuple[str, ...] = ()
) -> Update:
    """The members of a body as changes to the record of a key."""
    resource = target.resource
    one = _one(at, resource, id, query)
    changes = changes_of(at, target, data, key=dict(zip(resource.key, one.values, strict=False)))
    return Update(resource.name, one.where, changes, one.values, keyed=one.keyed, shown=one.shown, if_match=tags)


def parse_delete(at: Grammar, resource: Resource, id: str, *, query: Reader, tags: tuple[str, ...] = ()) -> Delete:
    """The record of a key, gone."""
    one = _one(at, resource, id, query)
    return Delete(resource.name, one.where, one.values, keyed=one.keyed, shown=one.shown, if_match=tags)


def _one(at: Grammar, resource: Resource, id: str, query: Reader) -> _One:
    """A base filter reads the record: then it must be one that the caller may read, and no key alone."""
    key = by_key(at.scope, resource, id)
    base = parse_conditions(at, resource, query, parameter="baseFilter")
    select, include = parts(at.scope, parse_wanted(at, resource, query))
    query.finish()
    where = both(key, base)
    check_filter(where, at.limits)
    return _One(where, values(at), base == TRUE, Query(resource.name, select, include=include))


def parse_delete_many(at: Grammar, resource: Resource, query: Reader) -> Delete:
    """All records that the filters find. Without a condition it is refused: that would be the whole table."""
    groups = parse_groups(at, resource, query)
    if groups == TRUE:
        text = "filter: to delete records by a filter, give filter or baseFilter with at least one condition"
        raise ApiError("bad_parameter", text, parameter="filter")
    where = both(groups, parse_search(at, resource, query))
    query.finish()
    check_filter(where, at.limits)
    return Delete(resource.name, where, values(at))


# ---------------------------------------------------------------- the key


def changes_of(at: Grammar, target: Target, data: Row, *, key: Row) -> Row:
    """The changes of a body. It may repeat the key as it is; another key is no field that could be changed."""
    refuse_nested(at, target.view, data)
    rest, columns = beside_key(target.view, target.settable, data, key=key, read=coerce_strict)
    return row_of(target.view, columns, rest, drop_unknown=False).row


def refuse_nested(at: Grammar, view: View, data: Row) -> None:
    """Records under relations are created with their record, never changed through it."""
    known = at.names.view(view.resource)
    for name in data:
        if view.input(name) is None and known.relation(name) is not None:
            raise bad_body("records of a relation cannot be updated here; set the foreign key instead", name[:100])


def key_in(view: View, data: Row) -> str:
    """The key that a body holds, as a path would write it."""
    resource = view.resource
    if not resource.key:
        raise ApiError("unknown_path", "Not Found")
    found = {column.name: raw for name, raw in data.items() if (column := view.input(name)) is not None}
    return key_text([_part(view, name, found.get(name)) for name in resource.key])


def _part(view: View, name: str, raw: object) -> object:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, Decimal)):
        raise bad_body("the record's key is missing", view.shown(name))
    return raw
