"""The document itself: what a dialect says of its routes and what a caller may do, put together with apispec.

In: a `Description` and a `Caller`. Out: an OpenAPI 3.1 document as JSON data. Schemas, refusals and headers stand in it
once and are referred to.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from apispec import APISpec

from crud.openapi.caller import Caller
from crud.openapi.description import Description
from crud.openapi.parts import JSON_MEDIA, Answer, Operation, Refused, ref
from crud.openapi.rows import row_schemas
from crud.openapi.values import Json

VERSION = "3.1.0"
DIALECT = "https://spec.openapis.org/oas/3.1/dialect/base"  # JSON Schema 2020-12 with the words of OpenAPI
HEADERS: Mapping[str, Json] = MappingProxyType(
    {
        "X-Request-Id": {"description": "What the log calls this request", "required": True},
        "ETag": {"description": "The entity tag of the row as this caller is shown it", "required": False},
        "Retry-After": {"description": "After how many seconds it may be tried again", "required": False},
        "WWW-Authenticate": {"description": "How to show who is calling", "required": True},
        "Authorization": {"description": "The bearer", "required": True},
        "X-Response-Time": {"description": "How long the answer took, in milliseconds: `1.2ms`", "required": True},
        "Age": {"description": "How many seconds ago the answer was made", "required": False},
    }
)
# status → what it means, and the headers that such a refusal has
REFUSALS: Mapping[int, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        400: ("Something in the request cannot be read, or does not fit", ()),
        401: ("Who is calling must be shown, or what was shown is not good", ("WWW-Authenticate",)),
        403: ("The caller may not, or there is nothing that he could do this to", ()),
        404: ("There is no such thing, or none that the caller may know of", ()),
        405: ("The path does not have this method", ()),
        409: ("A unique value is taken, or a reference leads to nothing or from others", ()),
        412: ("The row is not the one that `If-Match` names", ()),
        413: ("What is sent, or the answer, is too large", ()),
        415: ("The body is not JSON", ()),
        429: ("Too many tries", ("Retry-After",)),
        431: ("The headers are too long", ()),
        503: ("The database is busy or the query took too long; try again", ("Retry-After",)),
    }
)
SCHEMES: Mapping[str, Json] = MappingProxyType(
    {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token that a sign-in gave, or an API key"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key"},
    }
)


def document(
    description: Description, caller: Caller, operations: Sequence[Operation], *, root: str, cookies: Iterable[str]
) -> Json:
    """The document of a dialect for a caller. `operations`: what the description says that he may do; `root`: the path
    under which the application is; `cookies`: those that may carry a token."""
    schemes = [*SCHEMES, *dict.fromkeys(cookies)]
    spec = _spec(description, caller, operations, root=root, schemes=schemes)
    rows = row_schemas(caller, beside=description.beside, dotted=description.dotted)
    for name, schema in {**dict(rows), **description.schemas(caller)}.items():
        spec.components.schema(name, schema)
    for refused in {each.refused.name: each.refused for each in operations}.values():
        spec.components.schema(refused.name, refused.schema)
    always = ("X-Request-Id", *description.headers)
    _add_shared(spec, operations, schemes, always)
    _add_paths(spec, operations, always)
    return spec.to_dict()


def _spec(
    description: Description, caller: Caller, operations: Iterable[Operation], *, root: str, schemes: list[str]
) -> APISpec:
    anybody: list[Json] = [{}] if caller.context.actor.id is None else []
    server = caller.context.snapshot.config.server
    said: Json = {
        "jsonSchemaDialect": DIALECT,
        "servers": [{"url": root or "/"}],
        "security": anybody + [{name: []} for name in schemes],
        "tags": [{"name": name} for name in dict.fromkeys(each.group for each in operations)],
    }
    return APISpec(f"{server.name}: {description.title}", "1", VERSION, **said)


def _add_shared(
    spec: APISpec, operations: Iterable[Operation], schemes: Iterable[str], always: tuple[str, ...]
) -> None:
    for name, said in HEADERS.items():
        spec.components.header(name, {**said, "schema": {"type": "string"}})
    for name in schemes:
        spec.components.security_scheme(name, SCHEMES.get(name, {"type": "apiKey", "in": "cookie", "name": name}))
    found = {(each.refused.name, status): each.refused for each in operations for status in statuses(each)}
    for (_, status), refused in found.items():
        spec.components.response(_refusal_name(refused, status), _refusal(refused, status, always))


def _add_paths(spec: APISpec, operations: Iterable[Operation], always: tuple[str, ...]) -> None:
    taken: set[str] = set()
    for each in operations:
        spec.path(each.path, operations={each.method: {"operationId": _id(each, taken), **_operation(each, always)}})


def _id(operation: Operation, taken: set[str]) -> str:
    """What programs may call an operation: a name for each."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in operation.path).split()
    plain = "_".join([operation.method, *words])
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}_{number}"
    taken.add(found)
    return found


def _operation(operation: Operation, always: tuple[str, ...]) -> Json:
    made: Json = {"summary": operation.summary, "tags": [operation.group]}
    if operation.parameters:
        made["parameters"] = list(operation.parameters)
    if operation.body is not None:
        made["requestBody"] = operation.body
    answers = {str(status): _answer(answer, always) for status, answer in operation.answers.items()}
    refusals = {str(s): _refusal_ref(operation.refused, s) for s in statuses(operation) if str(s) not in answers}
    return made | {"responses": answers | refusals}


def statuses(operation: Operation) -> list[int]:
    """The statuses of the refusals of an operation."""
    return sorted({operation.refused.status(kind) for kind in operation.kinds})


def _answer(answer: Answer, always: tuple[str, ...]) -> Json:
    made: Json = {"description": answer.description, "headers": _headers((*always, *answer.headers))}
    return made if answer.schema is None else made | {"content": {JSON_MEDIA: {"schema": answer.schema}}}


def _refusal(refused: Refused, status: int, always: tuple[str, ...]) -> Json:
    words, headers = REFUSALS.get(status, (HTTPStatus(status).phrase, ()))
    content = {JSON_MEDIA: {"schema": ref(refused.name)}}
    return {"description": words, "headers": _headers((*always, *headers)), "content": content}


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusal_name(refused: Refused, status: int) -> str:
    return f"{refused.name}{status}"


def _refusal_ref(refused: Refused, status: int) -> Json:
    return {"$ref": f"#/components/responses/{_refusal_name(refused, status)}"}
