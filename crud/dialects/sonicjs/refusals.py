"""Refusals in SonicJS's words and envelope: `{"message": …}`.

In: an `ApiError`. Out: JSON and a status.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crud.errors import ApiError

# kind → (status, text); a kind that is not here keeps its own.
WORDING: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "unauthorized": (401, "Unauthorized"),
        "invalid_token": (401, "Unauthorized"),
        "forbidden": (401, "Unauthorized"),
        "unknown_path": (404, "Not Found"),
        "missing_row": (404, "Not Found"),
    }
)


def render_error(error: ApiError) -> tuple[object, int]:
    """A refusal in SonicJS's envelope."""
    status, text = WORDING.get(error.kind, (error.status, error.message))
    if error.kind == "unknown_resource" and error.field:
        text = f'Table "{error.field}" not defined in your schema'
    return {"message": text}, status
