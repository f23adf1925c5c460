"""What SonicJS's bodies ask to be written: `{"data": {…}}`, where `data` may also be the text of a JSON object.

In: JSON of a body, and a `Place`: the table, the names and the columns in which it is understood. Out: commands; after
that HTTP is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crud.bodies import beside_key, read_json, row_of
from crud.errors import ApiError, unknown_field
from crud.paths import Scope, by_key
from crud.presentation import View
from crud.wanted import Wanted, parts
from sql.catalog import Column, Resource
from sql.commands import Delete, Insert, Update
from sql.query import Origin, Query

Row = dict[str, object]


@dataclass(frozen=True)
class Place:
    """Where a body is understood: names as the caller sees them, the whole table, what the caller may set."""

    scope: Scope
    view: View
    settable: Mapping[str, Column]

    @property
    def resource(self) -> Resource:
        """The table that is written."""
        return self.view.resource

    @property
    def shown(self) -> Query:
        """How an answer shows a record: as where one record is read."""
        select, _ = parts(self.scope, Wanted(self.resource, star=True))
        return Query(self.resource.name, select)


def parse_create(place: Place, body: object) -> Insert:
    """A new record."""
    row = row_of(place.view, place.settable, data_of(body), drop_unknown=False, at="data").row
    return Insert(place.resource.name, (row,), place.shown)


def parse_update(place: Place, key: str, body: object, *, tags: tuple[str, ...] = ()) -> Update:
    """Changes to the record of a key. A body may repeat the key as it is."""
    where = by_key(place.scope, place.resource, key)
    values = place.scope.filled
    changes = _changes(place, data_of(body), key=dict(zip(place.resource.key, values, strict=True)))
    return Update(place.resource.name, where, changes, values, keyed=True, shown=place.shown, if_match=tags)


def parse_delete(place: Place, key: str, *, tags: tuple[str, ...] = ()) -> Delete:
    """The record of a key, gone."""
    where = by_key(place.scope, place.resource, key)
    return Delete(place.resource.name, where, place.scope.filled, keyed=True, shown=place.shown, if_match=tags)


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


def _changes(place: Place, data: Row, *, key: Row) -> Row:
    """The members that are not the key as it is; another key is no field that could be changed."""
    rest, columns = beside_key(place.view, place.settable, data, key=key)
    return row_of(place.view, columns, rest, drop_unknown=False, at="data").row
