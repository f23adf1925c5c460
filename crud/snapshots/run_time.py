"""Definitions that arrive by request: resources of the default schema that were not in the files.

In: a context, and a function that edits all such definitions, data in the one shape (`definitions.schema.RESOURCE`).
Out: what is in force afterwards, here and on every worker of every host with its next request. One transaction holds
the rows, the tables and the revision: whatever is wrong, nothing has changed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from crud.definitions.added import Data, read_added, with_added
from crud.definitions.declared import ResourceDefinition
from crud.definitions.problems import ConfigError
from crud.definitions.semantics import declared, exact_name
from crud.errors import ApiError
from crud.evolution.records import Where
from crud.loader import load
from crud.snapshots import accepted
from crud.snapshots.building import build, changing, renewed
from crud.snapshots.following import followed
from crud.snapshots.revision import renew, revision_within
from crud.snapshots.state import Context, Snapshot
from sql.catalog import Table
from sql.errors import Busy

Definitions = Mapping[str, Data]
Edit = Callable[[Definitions], Definitions]
Renamed = Mapping[str, Mapping[str, str]]
NOTHING: Renamed = MappingProxyType({})
TRIES = 10
MOST_SAID = 20


def stored(snapshot: Snapshot) -> Definitions:
    """The definitions that arrived by request, by the name of their resource, as of a snapshot."""
    return snapshot.given.definitions


def created(name: str, data: Data) -> Edit:
    """The edit that adds one definition. It raises `conflict` where the name is taken."""

    def edit(old: Definitions) -> Definitions:
        if name in old:
            raise taken(name)
        return {**old, name: data}

    return edit


def taken(name: str) -> ApiError:
    """A name that something else has."""
    return ApiError("conflict", f"{name!r} exists already", field=name)


def change(context: Context, edit: Edit, *, renamed: Renamed = NOTHING) -> Snapshot:
    """Put other definitions in force: what `edit` makes of those that are there, whose tables follow, also where that
    loses data. Gives what is in force then.

    `renamed`: resource → new name of a column → the name it had. Raises ApiError: `invalid` with everything that is
    wrong, `conflict` where a new name is taken, and what `edit` raises. It is called again where others were faster.
    """
    for _ in range(TRIES):
        held = context.state.current() if context.state else followed(context.snapshot)
        if made := _changed(held, edit, renamed):
            if context.state:
                context.state.swap(made)
            return made
    raise Busy("What is in force changes faster than it can be changed")


def _changed(held: Snapshot, edit: Edit, renamed: Renamed) -> Snapshot | None:
    """What is in force after the change; None where it is not what was held any more."""
    try:
        with changing(held.config, held.databases) as session:
            if revision_within(session) != held.revision:
                return None
            old, new = stored(held), dict(edit(stored(held)))
            if new == old:
                return held
            for name in (name for name in new if name not in old):
                _check_free(held, name, new)
            made = _build(held, new, renamed)
            accepted.keep(held.system, session, old, new)
            renew(held.system, session, "definitions")
            return renewed(replace(made, revision=revision_within(session)))
    except ConfigError as error:
        raise invalid(held, error) from error


def _build(held: Snapshot, new: Definitions, renamed: Renamed) -> Snapshot:
    """The snapshot with the new definitions, its tables brought up. Those of definitions that are gone go, too."""
    old = stored(held)
    given = replace(held.given, definitions=MappingProxyType(dict(new)))
    for_tables = {name: _with_former_names(data, renamed.get(name, {})) for name, data in new.items()}
    now = _tables(held, {name: data for name, data in for_tables.items() if old.get(name) != data})
    gone = _tables(held, {name: data for name, data in old.items() if name not in new}) - _tables(held, new)
    loading = partial(load, losing=now, drop=gone, alone_already=True)
    made = build(replace(given, definitions=for_tables), held.databases, held, loading=loading)
    return replace(made, given=given)


def _tables(held: Snapshot, definitions: Definitions) -> frozenset[Where]:
    """The tables of definitions, and what those were called before."""
    read = [made for name, data in definitions.items() for made in [read_added(name, data)[0]] if made]
    names = {name for each in read for name in (each.table, each.renamed_from) if name}
    source = held.config.schemas[held.config.server.default_schema].source
    return frozenset((source, Table(name)) for name in names)


def _with_former_names(data: Data, renamed: Mapping[str, str]) -> Data:
    """A definition that says what its columns were called, for the tables that follow it."""
    fields = data.get("fields")
    if not renamed or not isinstance(fields, Mapping):
        return data
    said = {name: {**each, "renamed_from": renamed[name]} for name, each in fields.items() if name in renamed}
    return {**data, "fields": {**fields, **said}}


def invalid(held: Snapshot, error: ConfigError) -> ApiError:
    """Everything that is wrong with definitions, in words."""
    return ApiError("invalid", held.given.shown("; ".join(str(problem) for problem in error.problems[:MOST_SAID])))


# ---------------------------------------------------------------- names


def _check_free(held: Snapshot, name: str, new: Definitions) -> None:
    """Refuse a new name that a resource, a table, or one of our own resources in some dialect has."""
    if name in held.catalog.resources or name in _own_words(held):
        raise taken(name)
    definition = next(each for each in _declared(held, new) if each.entity == name)
    database = held.databases[definition.source]
    tables = {each.casefold() for each in database.names()}
    if definition.renamed_from is None and definition.table.casefold() in tables:
        raise taken(definition.table)


def _declared(held: Snapshot, new: Definitions) -> Iterator[ResourceDefinition]:
    """The resources of the default schema, with the new definitions."""
    config = with_added(held.given.files, new)
    main = config.server.default_schema
    yield from (each for each in declared(config) if exact_name(each, main) == each.entity)


def _own_words(held: Snapshot) -> set[str]:
    """What our own resources are called in the dialects."""
    named = (words for shown in held.presentations.values() for words in shown.words.items())
    return {word for word, resource in named if resource.system}
