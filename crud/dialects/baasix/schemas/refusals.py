"""How a refusal under `/schemas` is worded: `{"error": {"message", "details", "statusCode"}}`, in plain words.

In: an `ApiError`. Out: the envelope and the status. What is wrong with a schema is told as what is wrong with a row is.
"""

from crud.dialects.baasix import refusals
from crud.dialects.baasix.refusals import envelope
from crud.errors import STATUS, ApiError

PLAIN = ("conflict", "unknown_resource", "forbidden")


def render_error(error: ApiError) -> tuple[object, int]:
    """The envelope of a refusal."""
    if error.kind in PLAIN:
        return envelope(error.message, error.details, STATUS[error.kind]), STATUS[error.kind]
    return refusals.render_error(error)
