"""What Phantom's bodies ask to be written: rows, `{"filter", "data"}`, and the `data` of an action.

In: JSON of a body, and a `Target`: the resource, the names and the columns in which it is understood. Out: commands;
after that HTTP is unknown. A to-one relation written with a key (`"author": 7`) sets its foreign key.
"""

from collections.abc import Mapping
from decimal import Decimal

from crud.definitions.settings import Limits
from crud.dialects.phantom.parameters import parse_tree, parse_wanted
from crud.errors import ApiError, unknown_field
from crud.jsontext import json_bytes
from crud.limits import check_filter
from crud.presentation import View
from crud.wire.bodies import bad_body, beside_key, row_of
from crud.wire.keys import by_key, key_text
from crud.wire.params import Reader
from crud.wire.target import Target
from crud.wire.variables import At
from crud.wire.wanted import parts
from sql.catalog import Column, Relation
from sql.commands import Delete, Ensure, Insert, Update, UpdateFirst
from sql.expressions import Filter, Origin
from sql.query import Query

Row = dict[str, object]


def parse_create(target: Target, data: object, shown: Query) -> Insert:
    """A new row."""
    return Insert(target.resource.name, (row_in(target, data),), shown)


def parse_update(target: Target, key: str, data: object, *, shown: Query, tags: tuple[str, ...] = ()) -> Update:
    """Changes to the row of a key. A body may repeat the key as it is."""
    where = by_key(target.scope, target.resource, key)
    values = target.scope.filled
    changes = changes_in(target, data, key=dict(zip(target.resource.key, values, strict=True)))
    return Update(target.resource.name, where, changes, values, keyed=True, shown=shown, if_match=tags)


def parse_delete(target: Target, key: str, *, shown: Query, tags: tuple[str, ...] = ()) -> Delete:
    """The row of a key, gone."""
    where = by_key(target.scope, target.resource, key)
    return Delete(target.resource.name, where, target.scope.filled, keyed=True, shown=shown, if_match=tags)


def parse_ensure(target: Target, body: Row, *, shown: Query, limits: Limits) -> Ensure:
    """A row that shall be there: `filter` finds it, `data` makes it."""
    tree, data = _filter_and_data(body)
    where, row = _found(target, tree, limits), row_in(target, data)
    return Ensure(target.resource.name, where, row, target.scope.filled, shown)


def parse_update_first(target: Target, body: Row, *, shown: Query, limits: Limits) -> UpdateFirst:
    """Changes to the row that `filter` finds, if it finds one."""
    tree, data = _filter_and_data(body)
    where, changes = _found(target, tree, limits), changes_in(target, data, key=dict.fromkeys(target.resource.key))
    return UpdateFirst(target.resource.name, where, changes, target.scope.filled, shown)


def _filter_and_data(body: Row) -> tuple[Row, Row]:
    for name in body:
        if name not in ("filter", "data"):
            raise unknown_field(Origin(name[:100], "body"))
    return _filled(body, "filter"), _filled(body, "data")


def _filled(body: Row, name: str) -> Row:
    value = body.get(name)
    if isinstance(value, dict) and value:
        return value
    text = f"{name.capitalize()} is required and must be a non-empty object"
    raise ApiError("bad_body", text, parameter="body", field=name)


def _found(target: Target, tree: Row, limits: Limits) -> Filter:
    where = parse_tree(At(target.scope, target.resource, "filter"), tree)
    check_filter(where, limits)
    return where


def parse_shown(target: Target, reader: Reader) -> Query:
    """How the answer shows the row: `select` and `populate`, as where one row is read."""
    select, include = parts(target.scope, parse_wanted(target.scope, target.resource, reader))
    reader.finish()
    return Query(target.resource.name, select, include=include)


# ---------------------------------------------------------------- rows


def row_in(target: Target, data: object) -> Row:
    """A row out of an object of a body."""
    return _row(target, data, target.settable)


def changes_in(target: Target, data: object, *, key: Mapping[str, object]) -> Row:
    """The changes out of an object of a body; another key than the row's is no field that could be changed."""
    rest, columns = beside_key(target.view, target.settable, data, key=key)
    return _row(target, rest, columns)


def _row(target: Target, data: object, columns: Mapping[str, Column]) -> Row:
    parsed = row_of(target.view, columns, data, drop_unknown=False, relations=True)
    row = dict(parsed.row)
    for relation, raw in parsed.nested.values():
        name = _foreign_key(target.view, relation, columns)
        if isinstance(raw, (dict, list)):
            raise bad_body("expected the key of a row", target.view.shown(relation.name))
        if name in row:
            raise bad_body(f"{target.view.shown(name)!r} is given twice")
        row[name] = raw
        row |= _said(target.view, relation, row) if raw is not None else {}
    return row


def _said(view: View, relation: Relation, row: Row) -> Row:
    """The values that other columns of the link must have, so that the relation leads there."""
    said = dict(relation.only)
    for name, value in said.items():
        if row.get(name, value) != value:
            raise bad_body(f"{view.shown(name)!r} is not that of {view.shown(relation.name)!r}")
    return said


def _foreign_key(view: View, relation: Relation, columns: Mapping[str, Column]) -> str:
    """The column that a relation's name stands for in a body."""
    near = relation.near if relation.kind == "to_one" else ()
    if len(near) != 1 or near[0] not in columns:
        raise unknown_field(Origin(view.shown(relation.name), "body"))
    return near[0]


# ---------------------------------------------------------------- the data of an action


def key_and_rest(view: View, data: Row, action: str) -> tuple[str, Row]:
    """The key in the `data` of an action, as a path would write it (`id`, else the key's own names), and the rest."""
    names = [view.shown(name) for name in view.resource.key]
    taken = ["id"] if data.get("id") is not None else names
    values = [data.get(name) for name in taken]
    if not values or not all(_keylike(value) for value in values):
        raise ApiError("bad_body", f"ID is required for {action} operations", parameter="body", field="id")
    rest = {name: raw for name, raw in data.items() if name not in taken}
    return (str(values[0]) if taken == ["id"] else key_text(values)), rest


def key_alone(view: View, data: Row) -> str:
    """The key in the `data` of a deletion, which has nothing else."""
    key, rest = key_and_rest(view, data, "delete")
    row_of(view, {}, rest, drop_unknown=False)
    return key


def _keylike(value: object) -> bool:
    return isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) and value != ""


LISTS = ("sort", "select", "populate")


def reader_of(data: Row) -> Reader:
    """The `data` of a reading action as the parameters that a query string would carry."""
    return Reader([(name, _texts(name, value)) for name, value in data.items()])


def _texts(name: str, value: object) -> list[str]:
    return [_text(name, each) for each in value] if isinstance(value, list) and name in LISTS else [_text(name, value)]


def _text(name: str, value: object) -> str:
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):
            return str(value)
        case dict() if name == "where":
            return json_bytes(value).decode()
        case _:
            raise bad_body("cannot be read", f"data.{name[:100]}")
