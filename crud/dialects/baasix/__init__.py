"""The Baasix dialect: items of collections under `/items`, rules under `/permissions`, collections themselves under
`/schemas`, doors under `/auth`.

In: GET requests with `fields`, `filter`, `sort`, `limit`, `page`, `search`, `aggregate` … (`reading`, `groups`); bodies
of one item (`writing`, `nesting`), of many (`bulk`), files of items (`imports`); questions about rules (`explaining`);
credentials (`auth`).
Out: `{"data": [...], "totalCount": n}` and `{"data": {...}}`; refusals `{"error": {"message", …, "statusCode"}}`.
Source: seed document of Baasix, its wire sheet, docs/dialects/baasix.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed

from crud import service
from crud.dialects.baasix import auth, bulk, explaining, imports, permissions, writing
from crud.dialects.baasix.mounts import API, AUTH, RULES, SCHEMAS
from crud.dialects.baasix.openapi import description
from crud.dialects.baasix.reading import grammar, parse_list, parse_one
from crud.dialects.baasix.refusals import render_error
from crud.dialects.baasix.schemas import routes
from crud.errors import ApiError
from crud.web.dialect import Dialect, answer, context, open_resource, reader
from crud.web.request import tagged

__all__ = ["auth", "bulk", "dialect", "explaining", "imports", "permissions", "routes", "writing"]


@API.blueprint.get("/<name>")
def list_items(name: str) -> Response:
    resource = open_resource("baasix", name)
    result = service.read(context(), parse_list(grammar(), resource, reader()))
    return answer({"data": result.rows, "totalCount": result.total})


@API.blueprint.get("/<name>/<key>")
def one_item(name: str, key: str) -> Response:
    resource = open_resource("baasix", name)
    result = service.read(context(), parse_one(grammar(), resource, reader(), key=key))
    if not result.rows:
        raise ApiError("missing_row", "Not found")
    return tagged(result.rows[0], {"data": result.rows[0]})


# word that is never an id → the methods that it has
RESERVED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"bulk": ("POST", "PATCH", "DELETE"), "import-csv": ("POST",), "import-json": ("POST",), "export": ()}
)


def reserved(name: str) -> Response:
    """A reserved word with a method that it lacks."""
    raise MethodNotAllowed(RESERVED[request.path.rstrip("/").rpartition("/")[2]])


for _word, _methods in RESERVED.items():
    _others = {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(_methods)
    API.blueprint.add_url_rule(f"/<name>/{_word}", view_func=reserved, methods=sorted(_others))

dialect = Dialect("baasix", (API, RULES, SCHEMAS, AUTH), render_error, description)
