"""Cross-site requests: a browser adds its cookies to what other sites let it send, so a cookie alone proves no intent.

In: Flask's request, when a cookie says who is calling. Out: nothing, or the refusal `cross_site`; and the tokens that
prove intent where the browser's own word does not. What other sites cannot forge is believed: `Sec-Fetch-Site`, else
`Origin`, else `X-CSRF-Token`. A request with neither of the first two comes from no browser of today.
"""

import hmac
import re
import secrets
from hashlib import sha256
from urllib.parse import urlsplit

from flask import request

from crud.errors import ApiError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NONCE = "_csrf"
HEADER = "X-CSRF-Token"
OWN = frozenset({"same-origin", "none"})
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


def refuse_cross_site(cookie: str) -> None:
    """Refuse a request that another site may have made. `cookie` is the token that was shown as one."""
    if not (_own_page() or _proved(cookie)):
        raise ApiError("cross_site", "Cross-site request refused")


def _own_page() -> bool:
    """Whether the browser says that a page of ours, or its user, made the request."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in OWN
    return origin is None or _host(origin) == request.host.lower()


def _host(origin: str) -> str:
    """The host and port of an origin. A proxy may have taken the scheme away, so that is not compared."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _proved(cookie: str) -> bool:
    shown, nonce = request.headers.get(HEADER, ""), request.cookies.get(NONCE, "")
    return bool(cookie and _NONCE.fullmatch(nonce)) and hmac.compare_digest(
        shown.encode(), _token(cookie, nonce).encode()
    )


def csrf_token(cookie: str) -> tuple[str, str]:
    """(token for `X-CSRF-Token`, nonce for the cookie `_csrf`), good as long as the cookie of the session."""
    nonce = request.cookies.get(NONCE, "")
    if not _NONCE.fullmatch(nonce):
        nonce = secrets.token_urlsafe(32)
    return _token(cookie, nonce), nonce


def _token(cookie: str, nonce: str) -> str:
    """Nobody makes it who does not know the session's own token, which no page can read."""
    return hmac.digest(cookie.encode("utf-8", "surrogatepass"), nonce.encode(), sha256).hex()
