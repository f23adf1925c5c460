"""Where SonicJS hangs its routes, and the two shapes of its answers.

In: rows. Out: the mounts, shared by reading and writing, and the envelope of the second generation.
"""

from time import perf_counter

from crud.web.dialect import mount, scope
from crud.wire.paths import Scope

V1 = mount("sonicjs", "/v1")
API_V1 = mount("sonicjs", "/api/v1")
Row = dict[str, object]


def names() -> Scope:
    """What this request is parsed in: SonicJS's names as the caller sees them."""
    return scope("sonicjs")


def wrapped(data: object, total: int, started: float) -> Row:
    """The second generation's envelope. Rows of a list carry the total too, unless a column is called so."""
    for row in data if isinstance(data, list) else ():
        row.setdefault("total", total)
    return {"data": data, "source": "d1", "total": total, "executionTime": elapsed(started)}


def elapsed(started: float) -> int:
    """Milliseconds since then."""
    return round((perf_counter() - started) * 1000)
