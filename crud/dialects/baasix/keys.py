"""Keys of items in bodies and answers.

In: a key as JSON has it, or a written row's. Out: a condition, or the id that Baasix shows: the value of a key of one
column, the text of a path (`1,2`) for a longer one.
"""

from collections.abc import Mapping

from crud.errors import ApiError
from crud.web.dialect import presentation
from crud.wire.bodies import bad_body
from crud.wire.keys import by_key, key_text
from crud.wire.paths import Scope
from sql.catalog import Resource
from sql.errors import BadValue
from sql.expressions import Compare, Filter, Path
from sql.values import coerce


def shown_key(resource: Resource, key: Mapping[str, object]) -> dict[str, object]:
    """A key under the names of the dialect."""
    return presentation("baasix").view(resource).renamed(key)


def id_of(key: Mapping[str, object]) -> object:
    """The id of a written row."""
    values = list(key.values())
    return values[0] if len(values) == 1 else key_text(values)


def by_path(scope: Scope, resource: Resource, text: str, *, action: str) -> Filter:
    """The row of a key in a path."""
    try:
        return by_key(scope, resource, text)
    except ApiError as error:
        raise _missing(action) if error.kind == "missing_row" else error from None


def by_id(scope: Scope, resource: Resource, id: object, *, action: str, at: str) -> Filter:
    """The row of an id in a body. One that cannot be an id of this resource is a row that does not exist."""
    if isinstance(id, bool) or not isinstance(id, (str, int)):
        raise bad_body("expected an id", at)
    if len(resource.key) != 1:
        return by_path(scope, resource, str(id), action=action)
    column = resource.column(resource.key[0])
    try:
        value = coerce(column.type, id)
    except BadValue:
        raise _missing(action) from None
    return Compare(Path(column.name), "eq", (scope.values.bind(value, column.type),))


def _missing(action: str) -> ApiError:
    return ApiError("missing_row", "Not found", details={"action": action})


def id_in(resource: Resource, item: Mapping[str, object]) -> object | None:
    """The id of an item of a body, under its own name or as `id`; None without one."""
    view = presentation("baasix").view(resource)
    names = [view.shown(name) for name in resource.key]
    if len(names) > 1 and all(item.get(name) is not None for name in names):
        return id_of({name: item[name] for name in names})
    own = item.get(names[0]) if len(names) == 1 else None
    return own if own is not None else item.get("id")
