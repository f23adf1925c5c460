"""A request that was overtaken: the tables are others than those of the snapshot with which it began.

In: Flask's request, the error that told it. Out: the answer to the same request with what is in force now. A request is
begun again, at most so many times, if what was sent is still there: a body that was read as a stream is not.
"""

from flask import Response, current_app, g, request

from crud.errors import ApiError
from crud.web.mounts import served
from sql import errors as sql

TRIES = 8
# What a statement for tables of yesterday may meet. What would be the answer in any case is met again.
SIGNS = (sql.Outdated, sql.NotNullViolation, sql.CheckViolation)


def overtaken(error: Exception) -> bool:
    """Whether definitions have changed since the request began, and it failed of that."""
    if "context" not in g or not (isinstance(error, SIGNS) or isinstance(error.__cause__, SIGNS)):
        return False
    try:
        return served().state.current() is not g.context.snapshot
    except (sql.SqlError, ApiError):
        return False


def can_repeat() -> bool:
    """Whether what was sent can be read again, and it is worth while."""
    if g.get("repeated", 0) >= TRIES:
        return False
    return not request.content_length and "Transfer-Encoding" not in request.headers or "_cached_data" in vars(request)


def again() -> Response:
    """The answer to the request, begun again."""
    g.repeated = g.get("repeated", 0) + 1
    try:
        answer = current_app.preprocess_request()
        return current_app.make_response(current_app.dispatch_request() if answer is None else answer)
    except Exception as error:
        return current_app.make_response(current_app.handle_user_exception(error))
