"""Cookies of a session: `token` for every path, `refresh_token` for the doors alone. No page's script can read them.

In: a session, Flask's request. Out: headers of an answer, and the tokens that the request's cookies hold.
"""

from datetime import UTC, datetime

from flask import Response, request

from crud.doors import Signed
from crud.web.crossing import NONCE
from crud.web.mounts import served

ACCESS, REFRESH = "token", "refresh_token"


def held(name: str) -> str | None:
    """The token in a cookie of the request."""
    return request.cookies.get(name)


def give(response: Response, signed: Signed) -> None:
    """Hand a session over as cookies."""
    left = int((signed.expires - datetime.now(UTC)).total_seconds())
    put(response, ACCESS, signed.token, seconds=signed.expires_in)
    put(response, REFRESH, signed.refresh_token, seconds=left, path=_doors())


def forget(response: Response) -> Response:
    """Take them back."""
    for name, path in ((ACCESS, None), (REFRESH, _doors()), (NONCE, None)):
        put(response, name, "", seconds=0, path=path)
    return response


def put(response: Response, name: str, value: str, *, seconds: int | None = None, path: str | None = None) -> None:
    """One cookie, for us alone: not for scripts, not for other sites, not without TLS where there is TLS."""
    at = path or request.script_root or "/"
    response.set_cookie(name, value, seconds, path=at, httponly=True, samesite="Strict", secure=request.is_secure)


def _doors() -> str:
    return request.script_root + served().sharing(request.path)[0].at
