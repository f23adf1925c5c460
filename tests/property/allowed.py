"""What each caller may do with the tables of writes, spelled out: what `RULES` come to.

In: an actor's name, a resource, an action. Out: `Allow`, or None. Written by hand, without the program's policy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sql.commands import Delete, Ensure, Insert, Restore, Update, UpdateFirst, Upsert
from tests.property.tables import TABLES

Rows = Mapping[str, list[dict[str, Any]]]
Test = Callable[[Rows, Mapping[str, Any]], bool | None]

# command → what its caller must be allowed to do, in the order of the refusals
ACTIONS: Mapping[type, tuple[str, ...]] = {
    Insert: ("create",),
    Update: ("update",),
    Delete: ("delete",),
    Restore: ("update",),
    Ensure: ("create",),
    UpdateFirst: ("update",),
    Upsert: ("create", "update"),
}


@dataclass(frozen=True)
class Allow:
    """The columns that may be read or set, the rows, and what new rows are given."""

    columns: frozenset[str]
    rows: Test = lambda tables, row: True
    defaults: Mapping[str, object] = field(default_factory=dict)


def _allow(words: str, rows: Test = lambda tables, row: True, **defaults: object) -> Allow:
    return Allow(frozenset(words.split()), rows, defaults)


def _small(tables: Rows, row: Mapping[str, Any]) -> bool:
    return row["size"] is not None and row["size"] < 50


def _own(tables: Rows, row: Mapping[str, Any]) -> bool:
    return bool(row["made_by"] == "e1")


def _staff(tables: Rows, row: Mapping[str, Any]) -> bool:
    return bool(row["kind"] == "staff")


def _of_staff(tables: Rows, row: Mapping[str, Any]) -> bool:
    return any(p["id"] == row["person_id"] and p["kind"] == "staff" and p["state"] != "gone" for p in tables["person"])


def _all(name: str, without: str = "") -> str:
    return " ".join(set(TABLES.resource(name).columns) - set(without.split()))


_PERSON = _all("person", "id")
_BADGE = "label holder_id loan_id"
_TABLE: Mapping[tuple[str, str, str], Allow] = {
    ("editor", "team", "read"): _allow("id name size note made"),
    ("editor", "team", "create"): _allow("name size note", note="by an editor"),
    ("editor", "team", "update"): _allow("name size note", _small),
    ("editor", "team", "delete"): _allow("", _own),
    ("editor", "person", "read"): _allow(_all("person"), _staff),
    ("editor", "person", "create"): _allow(_PERSON, _staff, kind="staff", nick="e1"),
    ("editor", "person", "update"): _allow(_PERSON, _staff),
    ("editor", "person", "delete"): _allow("", _staff),
    ("editor", "badge", "read"): _allow(_all("badge")),
    ("editor", "badge", "create"): _allow(_all("badge")),
    ("editor", "badge", "update"): _allow(_BADGE),
    ("editor", "badge", "delete"): _allow(""),
    ("editor", "loan", "read"): _allow(_all("loan"), _of_staff),
    ("editor", "loan", "create"): _allow(_all("loan", "id"), _of_staff),
    ("editor", "loan", "update"): _allow(_all("loan", "id"), _of_staff),
    ("editor", "node", "read"): _allow(_all("node")),
    ("editor", "node", "create"): _allow(_all("node")),
    ("editor", "node", "update"): _allow(_all("node", "id")),
    ("editor", "log", "read"): _allow(_all("log")),
    ("editor", "log", "create"): _allow(_all("log", "made")),
    ("member", "bill", "read"): _allow(_all("bill")),
    ("member", "bill", "create"): _allow(_all("bill", "id tenant")),
    ("member", "bill", "update"): _allow(_all("bill", "id tenant")),
    ("member", "bill", "delete"): _allow(""),
    ("member", "team", "read"): _allow("id name"),
    ("member", "badge", "create"): _allow(_all("badge")),
    ("member", "node", "create"): _allow(_all("node")),
    ("member", "node", "update"): _allow(_all("node", "id")),
    ("member", "node", "delete"): _allow(""),
    ("member", "person", "create"): _allow("id name team_id state"),
}


def allowed(actor: str, resource: str, action: str) -> Allow | None:
    """What an actor may do. An administrator may set all but the time of a soft deletion."""
    if actor != "admin":
        return _TABLE.get((actor, resource, action))
    marked = "gone" if resource == "team" and action in ("create", "update") else ""
    return _allow(_all(resource, marked))
