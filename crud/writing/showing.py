"""Written rows as their writer sees them: read back in the same transaction, by the rules for reading.

In: the keys of rows and the query by which a dialect shows a row. Out: rows; none where the caller may not read them.
Also the judge of `If-Match` (RFC 9110, 13.1.1): the entity tag is that of the row as it is shown.
"""

from collections.abc import Sequence
from dataclasses import replace

from crud import reading
from crud.access.grants import keys_in
from crud.errors import ApiError
from crud.jsontext import entity_tag
from crud.writing.unit import Unit, Values, canonical
from sql.catalog import Resource
from sql.expressions import Slot, both
from sql.query import Asked, Query

Row = dict[str, object]


def shown(unit: Unit, resource: Resource, query: Query | None, keys: Sequence[Values]) -> tuple[Row, ...]:
    """The rows of these keys as the caller may read them; those that he may not are left out."""
    if query is None or not resource.key:
        return ()
    slots = tuple(Slot(i, resource.column(name).type) for i, name in enumerate(resource.key))
    keyed = replace(query, where=both(query.where, keys_in(resource, slots)))
    try:
        return tuple(
            row for key in keys for row in reading.answer(unit.context, Asked(keyed, _values(resource, key))).rows
        )
    except ApiError as error:
        if error.kind in ("forbidden", "refused", "unknown_resource", "missing_row"):
            return ()
        raise


def _values(resource: Resource, key: Values) -> tuple[object, ...]:
    return tuple(canonical(resource, name, key[name]) for name in resource.key)


def matches(unit: Unit, resource: Resource, query: Query | None, *, key: Values, tags: tuple[str, ...]) -> None:
    """Refuse unless the row has one of the entity tags. Weak tags never match. Raises ApiError (precondition)."""
    if not tags or "*" in tags:
        return
    rows = shown(unit, resource, query, [key])
    if not rows or entity_tag(rows[0]) not in tags:
        raise ApiError("precondition", "The row has changed since it was read")
