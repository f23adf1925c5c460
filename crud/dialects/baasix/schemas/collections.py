"""What is known of collections while schemas are read and written: of all that are served, however they were defined.

In: the snapshot and the caller. Out: the shelf on which schemas are edited; a collection's schema as he may read it;
where one is declared that cannot be changed here.
"""

from collections.abc import Callable, Mapping
from pathlib import PurePath

from crud.access import permissions
from crud.definitions.declared import ResourceDefinition
from crud.definitions.semantics import exact_name, named
from crud.dialects.baasix.schemas.documents import Written
from crud.dialects.baasix.schemas.shelf import Data, Shelf
from crud.dialects.baasix.schemas.showing import Sight, described, narrowed
from crud.dialects.baasix.schemas.translating import schema_of
from crud.dialects.baasix.schemas.ways import End
from crud.dialects.baasix.schemas.words import values_of, word_of
from crud.presentation import Presentation
from crud.sight import sight
from crud.snapshots import run_time
from crud.snapshots.state import Context, Snapshot
from sql.catalog import Resource
from sql.errors import UnknownResource

Edit = Callable[[Shelf], None]


def names(context: Context) -> Presentation:
    """Collections by their names in Baasix."""
    return context.snapshot.presentations["baasix"]


def find(context: Context, name: str) -> Resource | None:
    """The collection of a name."""
    try:
        return names(context).resource(name)
    except UnknownResource:
        return None


def readable(context: Context, resource: Resource) -> bool:
    """Whether the caller may read of a collection at all."""
    snapshot = context.snapshot
    gate = permissions.gate_for(snapshot.policy, snapshot.catalog, context.actor)
    return gate.access(resource).allowed


# ---------------------------------------------------------------- reading


def schema(context: Context, resource: Resource) -> Written:
    """The schema of a collection, with what the caller may know of it."""
    kept = run_time.stored(context.snapshot).get(resource.name)
    written = schema_of(kept) if kept is not None else None
    if written is not None and context.actor.admin:
        return written
    seen = Sight(sight(context, names(context)), context.snapshot.catalog, lambda name: _known(context, name))
    if written is not None:
        return narrowed(written, resource, seen)
    return described(resource, seen, _definition(context.snapshot, resource))


def _known(context: Context, name: str) -> bool:
    resource = find(context, name)
    return resource is not None and readable(context, resource)


def _definition(snapshot: Snapshot, resource: Resource) -> ResourceDefinition | None:
    main = snapshot.config.server.default_schema
    found = (each for each in named(snapshot.config) if exact_name(each, main) == resource.name)
    return next(found, None)


# ---------------------------------------------------------------- writing


def edited(context: Context, edit: Edit) -> None:
    """Put in force what an edit of the shelf makes. Raises ApiError."""

    def change(old: Mapping[str, Data]) -> Mapping[str, Data]:
        shelf = shelf_of(context, old)
        edit(shelf)
        return shelf.definitions()

    run_time.change(context, change)


def shelf_of(context: Context, definitions: Mapping[str, Data]) -> Shelf:
    """The shelf of all run-time collections."""
    config = context.snapshot.config
    source = config.schemas[config.server.default_schema].source
    return Shelf(definitions, lambda name: _end(context, name), lambda name: _where(context, name), source)


def _end(context: Context, name: str) -> End | None:
    resource = find(context, name)
    if resource is None:
        return None
    type = resource.column(resource.key[0]).type if resource.key else None
    word, values = (word_of(type), values_of(type).get("values")) if type else ("Integer", None)
    return End(
        resource.name,
        resource.key,
        word,
        values if isinstance(values, dict) else None,
        own=False,
        source=resource.source,
    )


def _where(context: Context, name: str) -> str | None:
    """Where a collection is declared that cannot be changed here; None where there is no such."""
    resource = find(context, name)
    if resource is None:
        return None
    if resource.system:
        return "it belongs to the service"
    definition = _definition(context.snapshot, resource)
    if definition is None:
        return "its table was found in the database, and nothing declares it"
    place = definition.place
    return f"it is declared in {' at '.join(part for part in (PurePath(place.file).name, place.key) if part)}"


def users_of(context: Context, name: str) -> list[str]:
    """Collections, declared elsewhere, that refer to a run-time one."""
    resource = find(context, name)
    if resource is None:
        return []
    children = context.snapshot.catalog.children(resource)
    kept = run_time.stored(context.snapshot)
    return [names(context).name(child) for child, _ in children if child.name not in kept]
