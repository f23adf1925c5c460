"""Hooks of the world of writes: what they saw, and what they do to rows with certain titles."""

from crud import service
from crud.hooks import Event, Refused
from crud.web.dialect import context
from sql.commands import Insert

INSIDE = "SELECT secret FROM vaults; /work/main/crud/service.py psycopg"
told: list[tuple[str, object]] = []


def before(event: Event) -> dict[str, object] | None:
    """Refuses, fails, names a column that is none, or returns another row."""
    match event.row.get("title"):
        case "refuse":
            raise Refused("Not on a Sunday", field="title")
        case "burst":
            raise RuntimeError(INSIDE)
        case "unknown":
            return {**event.row, "role": "admin"}
        case "write into it":
            event.row["title"] = "changed"  # type: ignore[index]
    return None


def after(event: Event) -> None:
    """Remembers; fails; writes a row of its own, which is told to it as well."""
    title = event.row.get("title")
    told.append((event.action, title))
    if title == "fail afterwards":
        raise RuntimeError(INSIDE)
    if title == "write another":
        service.write(context(), [Insert(event.resource, ({"id": 90, "title": "another"},))])
