"""What SonicJS's bodies ask to be written: `{"data": {…}}`, where `data` may also be the text of a JSON object.

In: JSON of a body, and a `Target`: the table, the names and the columns in which it is understood. Out: commands; after
that HTTP is unknown.
"""

from crud.errors import ApiError, unknown_field
from crud.wire.bodies import beside_key, read_json, row_of
from crud.wire.keys import by_key
from crud.wire.target import Target
from crud.wire.wanted import Wanted, parts
from sql.commands import Delete, Insert, Update
from sql.expressions import Origin
from sql.query import Query

Row = dict[str, object]


def parse_create(target: Target, body: object) -> Insert:
    """A new record."""
    row = row_of(target.view, target.settable, data_of(body), drop_unknown=False, at="data").row
    return Insert(target.resource.name, (row,), _shown(target))


def parse_update(target: Target, key: str, body: object, *, tags: tuple[str, ...] = ()) -> Update:
    """Changes to the record of a key. A body may repeat the key as it is."""
    where = by_key(target.scope, target.resource, key)
    values = target.scope.filled
    changes = _changes(target, data_of(body), key=dict(zip(target.resource.key, values, strict=True)))
    return Update(target.resource.name, where, changes, values, keyed=True, shown=_shown(target), if_match=tags)


def parse_delete(target: Target, key: str, *, tags: tuple[str, ...] = ()) -> Delete:
    """The record of a key, gone."""
    where = by_key(target.scope, target.resource, key)
    return Delete(target.resource.name, where, target.scope.filled, keyed=True, shown=_shown(target), if_match=tags)


def _shown(target: Target) -> Query:
    """How an answer shows a record: as where one record is read."""
    select, _ = parts(target.scope, Wanted(target.resource, star=True))
    return Query(target.resource.name, select)


def data_of(body: object) -> Row:
    """The object under `data`, or in the text under it. Raises ApiError (bad_body)."""
    if not isinstance(body, dict) or "data" not in body:
        raise _unwrapped()
    for name in body:
        if name != "data":
            raise unknown_field(Origin(name[:100], "body"))
    data = body["data"]
    made = read_json(data.encode()) if isinstance(data, str) else data
    if not isinstance(made, dict):
        raise _unwrapped()
    return made


def _unwrapped() -> ApiError:
    return ApiError("bad_body", "Data must be wrapped in a data object", parameter="body", field="data")


def _changes(target: Target, data: Row, *, key: Row) -> Row:
    """The members that are not the key as it is; another key is no field that could be changed."""
    rest, columns = beside_key(target.view, target.settable, data, key=key)
    return row_of(target.view, columns, rest, drop_unknown=False, at="data").row
