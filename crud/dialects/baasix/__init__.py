"""The Baasix dialect: items of collections under `/items`.

In: GET requests with `fields`, `filter`, `sort`, `limit`, `page`, `search`, `aggregate` … (`reading`, `groups`).
Out: `{"data": [...], "totalCount": n}` and `{"data": {...}}`; refusals `{"error": {"message", …, "statusCode"}}`.
Source: seed document of Baasix, its wire sheet, docs/dialects/baasix.md.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from crud import service
from crud.dialect import Dialect, answer, context, mount, open_resource, reader
from crud.dialects.baasix.reading import parse_list, parse_one, place
from crud.errors import STATUS, ApiError

API = mount("baasix", "/items")


@API.blueprint.get("/<name>")
def list_items(name: str) -> Response:
    resource = open_resource("baasix", name)
    result = service.read(context(), parse_list(place(), resource, reader()))
    return answer({"data": result.rows, "totalCount": result.total})


@API.blueprint.get("/<name>/<key>")
def one_item(name: str, key: str) -> Response:
    resource = open_resource("baasix", name)
    result = service.read(context(), parse_one(place(), resource, reader(), key=key))
    if not result.rows:
        raise ApiError("missing_row", "Not found")
    return answer({"data": result.rows[0]})


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@API.blueprint.route("/<name>/bulk", methods=METHODS)
@API.blueprint.route("/<name>/import-csv", methods=METHODS)
@API.blueprint.route("/<name>/import-json", methods=METHODS)
@API.blueprint.route("/<name>/export", methods=METHODS)
def reserved(name: str) -> Response:
    """Words that are never an id; none of their methods exists yet."""
    raise MethodNotAllowed([])


# ---------------------------------------------------------------- refusals

_OTHERS: Mapping[str, str] = MappingProxyType({"delete": "from this collection"})


def _forbidden(error: ApiError) -> str:
    action = _action(error)
    return f"You don't have permission to {action} items {_OTHERS.get(action, 'in this collection')}"


def _missing(error: ApiError) -> str:
    return f"Item not found or you don't have permission to {_action(error)} it"


def _action(error: ApiError) -> str:
    return str(error.details.get("action", "read")) if isinstance(error.details, Mapping) else "read"


# kind → (status, wording); the details of these are words for the wording
WORDED: Mapping[str, tuple[int, Callable[[ApiError], str]]] = MappingProxyType(
    {
        "forbidden": (403, _forbidden),
        "missing_row": (403, _missing),
        "unknown_resource": (404, lambda error: f"Model {error.field} not found"),
    }
)


def render_error(error: ApiError) -> tuple[object, int]:
    """The envelope of a refusal."""
    if error.kind not in WORDED:
        return _envelope(error.message, error.details, STATUS[error.kind]), STATUS[error.kind]
    status, wording = WORDED[error.kind]
    return _envelope(wording(error), None, status), status


def _envelope(message: str, details: object, status: int) -> object:
    return {"error": {"message": message, "details": details, "statusCode": status}}


dialect = Dialect("baasix", (API,), render_error)
