"""What the dialects' doors take from their requests: a body from somebody unknown, the session that shall end.

In: Flask's request, within the context that `crud.web.dialect` opened. Out: JSON, or a session less. Knows no dialect's
words.
"""

from flask import request

from crud.doors import sign_out
from crud.errors import ApiError
from crud.web.dialect import context, served
from crud.web.recognising import shown
from crud.web.request import body

MOST_BYTES = 256 * 1024
MOST_PASSWORD = 1024


def posted() -> object:
    """The JSON of the body, which must say that it is JSON.

    A page of another site can send a body of no type, and so sign its visitor in as somebody else. Raises ApiError.
    """
    request.max_content_length = MOST_BYTES
    if not request.mimetype:
        raise ApiError("unsupported_media", "Content-Type is missing, expected application/json")
    return body()


def end_session() -> None:
    """End the session of this request's token. An API key, or a token that somebody else has signed, has none. Raises
    ApiError."""
    actor, token = context().actor, shown(served().cookie_of(request.path))
    if actor.id is None or token is None:
        raise ApiError("unauthorized", "Unauthorized")
    if actor.session is None:
        raise ApiError("forbidden", "There is no session to end")
    sign_out(context().snapshot, token)
