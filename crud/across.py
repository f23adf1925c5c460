"""Relations between two sources: what cannot be there.

In: the two ends of a reference or relation. Out: why it is refused, or nothing. What can be there is a way for reading:
the rows of the other database are included by a statement of its own. Nothing can be written in two databases at once.
"""

from sql.catalog import Pairs, Resource
from sql.operators import SCALARS

_WRITES = frozenset({"cascade", "set null", "set default"})


def apart(*ends: Resource) -> bool:
    """Whether resources are in several sources."""
    return len({end.source for end in ends}) > 1


def refused(here: Resource, there: Resource, pairs: Pairs, on_delete: str | None = None) -> str:
    """Why a way between two resources cannot be; empty where it can."""
    if not apart(here, there):
        return ""
    if (on_delete or "").lower() in _WRITES:
        return f"{there.name} is in another source: on_delete {on_delete!r} would write in two databases at once"
    columns = [*((here, name) for name, _ in pairs), *((there, name) for _, name in pairs)]
    for resource, name in columns:
        if resource.columns[name].type.family not in SCALARS:
            return f"values of {resource.name}.{name} cannot be looked for in another source"
    return ""
