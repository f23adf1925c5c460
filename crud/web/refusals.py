"""Refusals: what a caller is told of an exception, in the envelope of the dialect that answers.

In: whatever was raised. Out: a response in the envelope of the dialect whose mount is the longest prefix of the path;
outside every dialect, a problem (RFC 9457). What was not foreseen is said in the log alone.
"""

from collections.abc import Mapping

import structlog
from flask import Response, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from crud.errors import ApiError, Clash, Mistake, Mistakes, clashing, said
from crud.jsontext import json_bytes
from crud.web.dialect import presentation
from crud.web.mounts import joined, speaking
from crud.web.telling import path
from sql import errors as sql

log = structlog.get_logger()
MOST_MISTAKES = 100
MOST_SAID = 20

# sql error → (kind, message); the first that fits.
TOLD: tuple[tuple[type[sql.SqlError], str, str], ...] = (
    (sql.UnknownResource, "unknown_resource", "Resource not found"),
    (sql.BadValue, "bad_parameter", ""),
    (sql.Unsupported, "bad_parameter", ""),
    (sql.TooManyRows, "too_large", "Response body too large"),
    (sql.TooComplex, "bad_parameter", "The query is nested too deeply"),
    (sql.OutOfRange, "bad_parameter", "A number is too large"),
    (sql.Timeout, "timeout", "The query took too long; ask for less or filter on an indexed field"),
    (sql.Busy, "busy", "The database is busy, try again"),
    (sql.Uncertain, "busy", "The connection to the database was lost; it is not known whether the change was made"),
    (sql.Full, "busy", "The database has no room left"),
    (sql.ReadOnly, "busy", "The database takes no changes now"),
    (sql.Unavailable, "busy", "The database cannot be reached, try again"),
    (sql.UniqueViolation, "conflict", "A row with this value exists already"),
    (sql.ForeignKeyViolation, "conflict", "The row refers to a missing row, or others refer to it"),
    (sql.NotNullViolation, "invalid", "A required value is missing"),
    (sql.CheckViolation, "invalid", "A value does not fit its column"),
)

# HTTP status of a routing error → kind
ROUTING: Mapping[int, str] = {404: "unknown_path", 405: "wrong_method", 413: "too_large", 415: "unsupported_media"}


def told(error: Exception) -> ApiError:
    """What the caller is told of an exception. Anything unforeseen is `internal`, and the log has the rest."""
    match error:
        case ApiError():
            return error
        case HTTPException() if error.code is not None and error.code < 500:
            kind = ROUTING.get(error.code, "bad_body")
            return ApiError(kind, error.name if kind != "wrong_method" else f"{request.method} method not allowed")
        case sql.SqlError() if known := next((row for row in TOLD if isinstance(error, row[0])), None):
            _, kind, message = known
            if kind in ("timeout", "busy"):
                log.warning(kind, path=path(request.path), cause=repr(error.__cause__))
            return ApiError(kind, message or str(error))
        case ParseException():
            return ApiError("bad_body", "The chunks of the body are not as HTTP has them")
    log.error("internal error", path=path(request.path), exc_info=error)
    return ApiError("internal", "Internal server error")


def worded(dialect: str, refusal: ApiError) -> ApiError:
    """What is said of rows, under the names that the dialect shows; `details` becomes JSON data. Others stay."""
    match refusal.details:
        case Mistakes() as found:
            made = _worded_mistakes(dialect, found)
        case Clash() as found:
            made = _worded_clash(dialect, found, refusal)
        case _:
            return refusal
    made.__cause__ = refusal.__cause__
    return made


def _worded_mistakes(dialect: str, found: Mistakes) -> ApiError:
    views = presentation(dialect).views
    listed = found.mistakes[:MOST_MISTAKES]
    shown = [(each, views[each.resource or found.resource].shown(each.field)) for each in listed]
    details = [mistake_json(mistake, name) for mistake, name in shown]
    message = "; ".join(said(mistake, name) for mistake, name in shown[:MOST_SAID])
    return ApiError("invalid", message, field=shown[0][1], parameter="body", details=details)


def _worded_clash(dialect: str, found: Clash, refusal: ApiError) -> ApiError:
    names = [presentation(dialect).views[found.resource].shown(name) for name in found.columns]
    field, details = names[0] if names else "", None if found.row is None else {"row": found.row}
    return ApiError(refusal.kind, clashing(refusal.message, names), field=field, parameter="body", details=details)


def mistake_json(mistake: Mistake, name: str) -> dict[str, object]:
    """A mistake as JSON data: where it is, what is wrong, by which rule."""
    found = {"field": name, "message": mistake.message, "rule": mistake.rule, "value": mistake.value}
    if mistake.row is not None:
        found["row"] = mistake.row
    return {**found, "at": mistake.at} if mistake.at else found


def refused(error: Exception) -> Response:
    """The refusal that an error means, in the envelope of who answers."""
    refusal = told(error)
    answers = [each.render_error(worded(each.dialect.name, refusal)) for each in speaking()]
    body, status = joined(answers) if answers else problem(refusal)
    response = Response(
        json_bytes(body), status, mimetype="application/json" if answers else "application/problem+json"
    )
    response.headers.update(_headers(refusal, status))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _headers(refusal: ApiError, status: int) -> dict[str, str]:
    if status == 401 or refusal.kind == "invalid_token":
        hint = ' error="invalid_token"' if refusal.kind == "invalid_token" else ""
        return {"WWW-Authenticate": f"Bearer{hint}"}
    wait = refusal.wait or (1 if status == 503 else None)
    return {"Retry-After": str(wait)} if wait else {}


def problem(error: ApiError) -> tuple[object, int]:
    """A refusal outside every dialect (RFC 9457)."""
    body = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.kind}
    return body, error.status
