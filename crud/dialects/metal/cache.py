"""Metal's cache: what is kept, shown and forgotten.

In: `GET /cache/view`, `POST /cache/clean`, `POST /cache/purge`. Out: the answers that would be given now, with their
rows, for administrators; a message. Whoever may reload the server may forget what it keeps.
"""

from flask import Response

from crud import keeping
from crud.dialects.metal import rendering
from crud.dialects.metal.mounts import CACHE, signed_in
from crud.dialects.metal.server import admitted
from crud.errors import ApiError
from crud.web.dialect import answer, context, reader


@CACHE.blueprint.get("/view")
def view() -> Response:
    """The cached answers."""
    reader().finish()
    signed_in()
    if not context().actor.admin:
        raise ApiError("forbidden", "Permission denied")
    room = context().snapshot.config.limits.response_bytes // 2
    return answer(rendering.cache_view(keeping.viewed(context()), room))


@CACHE.blueprint.post("/clean")
def clean() -> Response:
    """The cached answers that would not be given any more are removed."""
    admitted()
    keeping.cleaned(context())
    return answer({"message": "Cache cleaned"})


@CACHE.blueprint.post("/purge")
def purge() -> Response:
    """All cached answers are removed."""
    admitted()
    keeping.purged(context())
    return answer({"message": "Cache purged"})
