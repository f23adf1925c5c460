"""What a request may be at most, before anybody reads it: its query string, its headers, its body.

In: Flask's request, the configured `Limits`. Out: nothing, or the refusal; how much of a body is read at all.
"""

from flask import request

from crud.definitions.settings import Limits
from crud.errors import ApiError


def hold(limits: Limits) -> None:
    """Refuse a request that is longer than the limits, and let nobody read more of its body. Raises ApiError."""
    request.max_content_length, request.max_form_parts = limits.body_bytes, limits.form_parts
    if len(request.query_string) > limits.query_bytes:
        raise ApiError("bad_parameter", f"The query string is longer than {limits.query_bytes} bytes")
    if _headers() > limits.header_bytes:
        raise ApiError("headers_too_long", f"The headers are longer than {limits.header_bytes} bytes")


def _headers() -> int:
    """How long the headers are, names and values."""
    return sum(len(name) + len(value) for name, value in request.environ.items() if name.startswith("HTTP_"))


def whole(data: bytes) -> bytes:
    """A body, if nothing of it is missing: one whose length nobody has said is cut off at the most that is read. Raises
    ApiError."""
    most = request.max_content_length
    if request.content_length is None and most is not None and len(data) >= most:
        raise ApiError("too_large", "Request body too large")
    return data
