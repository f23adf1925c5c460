"""How Baasix words a refusal: `{"error": {"message", "details", "statusCode"}}`.

In: an `ApiError` whose mistakes are worded already. Out: the envelope and the status. `details` hold what programs
need: the mistakes of a row, the fields that clash, the `index` of the item in a bulk. Never a word of the database's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

from crud.errors import STATUS, ApiError, Clash, Mistake, Mistakes
from sql.errors import ForeignKeyViolation, UniqueViolation

_OTHERS: Mapping[str, str] = MappingProxyType({"delete": "from this collection"})


def _forbidden(error: ApiError) -> tuple[str, object]:
    """Of an action; what is forbidden otherwise says so itself."""
    if not _said(error):
        return error.message, None
    action = _said(error).get("action", "read")
    return f"You don't have permission to {action} items {_OTHERS.get(str(action), 'in this collection')}", _index(
        error
    )


def _missing(error: ApiError) -> tuple[str, object]:
    action = _said(error).get("action", "read")
    return f"Item not found or you don't have permission to {action} it", _index(error)


def _unknown(error: ApiError) -> tuple[str, object]:
    return f"Model {error.field} not found", None


def _invalid(error: ApiError) -> tuple[str, object]:
    found = error.details if isinstance(error.details, list) else []
    details = {**(_index(error) or {}), "code": "VALIDATION_ERROR", "errors": [_mistake(each) for each in found]}
    return f"Validation failed: {error.message}", details


def _mistake(mistake: Mapping[str, object]) -> dict[str, object]:
    """A mistake as the wire has it: a row of a bulk is an item with an index."""
    return {"index" if name == "row" else name: value for name, value in mistake.items()}


def _conflict(error: ApiError) -> tuple[str, object]:
    said = _said(error)
    message = "Foreign key constraint violation" if _of_references(error) else "Unique constraint violation"
    index = {"index": said["row"]} if "row" in said else _index(error) or {}
    return message, {"message": error.message, **index}


def _of_references(error: ApiError) -> bool:
    if isinstance(error.__cause__, UniqueViolation | ForeignKeyViolation):
        return isinstance(error.__cause__, ForeignKeyViolation)
    return not error.field


def _said(error: ApiError) -> Mapping[str, object]:
    return error.details if isinstance(error.details, Mapping) else {}


def _index(error: ApiError) -> dict[str, object] | None:
    said = _said(error)
    return {"index": said["index"]} if "index" in said else None


# kind → (status, wording)
WORDED: Mapping[str, tuple[int, Callable[[ApiError], tuple[str, object]]]] = MappingProxyType(
    {
        "forbidden": (403, _forbidden),
        "missing_row": (403, _missing),
        "unknown_resource": (404, _unknown),
        "invalid": (400, _invalid),
        "conflict": (409, _conflict),
    }
)


# Where the doors say it otherwise.
DOOR_TEXTS: Mapping[str, str] = MappingProxyType({"Invalid credentials": "Incorrect password."})


def render_error(error: ApiError) -> tuple[object, int]:
    """The envelope of a refusal."""
    if error.kind not in WORDED:
        return envelope(error.message, error.details, STATUS[error.kind]), STATUS[error.kind]
    status, wording = WORDED[error.kind]
    message, details = wording(error)
    return envelope(message, details, status), status


def render_door_error(error: ApiError) -> tuple[object, int]:
    """A refusal under `/auth`: one sentence."""
    prefix = "Validation failed: " if error.kind == "invalid" else ""
    return {"message": prefix + DOOR_TEXTS.get(error.message, error.message)}, error.status


def envelope(message: str, details: object, status: int) -> object:
    """The body of every refusal."""
    return {"error": {"message": message, "details": details, "statusCode": status}}


# ---------------------------------------------------------------- which item of a body it was


@contextmanager
def about(index: int | None) -> Iterator[None]:
    """A refusal in the block is about this item of a bulk; None: about the only one."""
    try:
        yield
    except ApiError as error:
        raise _told(error, index) from error.__cause__


def _told(error: ApiError, index: int | None) -> ApiError:
    details = error.details
    match details:
        case Mistakes():
            details = replace(details, mistakes=tuple(_rows(details, index)))
        case Clash():
            details = replace(details, row=index)
        case Mapping() | None if index is not None:
            details = {**(details or {}), "index": index}
    return ApiError(error.kind, error.message, parameter=error.parameter, field=error.field, details=details)


def _rows(found: Mistakes, index: int | None) -> Iterable[Mistake]:
    return (replace(mistake, row=index) for mistake in found.mistakes)
