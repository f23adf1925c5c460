"""Dropping a collection: its schema and its table.

In: the shelf, a collection, and who refers to it from elsewhere. Out: the shelf without it. Junctions that exist to
link its rows go with it; whatever else refers to it keeps it.
"""

from collections.abc import Iterator, Sequence

from crud.dialects.baasix.schemas.documents import relations
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.errors import ApiError


def drop(shelf: Shelf, name: str, users: Sequence[str] = ()) -> None:
    """The shelf without a collection. Raises ApiError."""
    shelf.schema(name)
    found = [*users, *_users(shelf, name)]
    if found:
        raise ApiError("conflict", "The collection is in use", details=f"{', '.join(found)} refers to {name!r}")
    for junction in _junctions(shelf, name):
        shelf.drop(junction)
    shelf.drop(name)


def _users(shelf: Shelf, name: str) -> Iterator[str]:
    """Relations that would lead nowhere."""
    for holder, written in shelf.schemas.items():
        for member, field in relations(written).items():
            kept = not written.get("isJunction") or field.get("constraints") is False
            if field["relType"] == "BelongsTo" and field["target"] == name and holder != name and kept:
                yield f"{holder}.{member}"


def _junctions(shelf: Shelf, name: str) -> list[str]:
    return [
        holder
        for holder, written in shelf.schemas.items()
        if written.get("isJunction") and any(field["target"] == name for field in relations(written).values())
    ]
