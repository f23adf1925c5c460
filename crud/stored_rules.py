"""Rules that are rows: our own table of permissions, read, checked and made the definitions of which a policy is made.

In: the database of our own tables, the catalog, the names of Baasix. Out: `RuleDefinition`s beside those of the
configuration, and what is wrong with a row. A bad row is refused when it is written; one that has become bad (its
column is gone) never gives anything: an allow is dropped, a denial denies everything that it may have meant.
Constant SQL; values are parameters.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from crud.definitions.config import canonical_role
from crud.definitions.declared import ACTIONS, RuleDefinition
from crud.errors import ApiError
from crud.ground import EVERY, Ground
from crud.identity.accounts import sql_for
from crud.limits import check_filter
from crud.snapshots.revision import Revision, revision_within
from crud.wire.conditions import parse
from crud.wire.variables import constant
from sql.catalog import Resource
from sql.database import Database, Session

STORED_ACTIONS = ("read", "create", "update", "delete")
UNREADABLE = object()
_ALL = (
    "SELECT r.name, p.id, p.collection, p.action, p.effect, CAST(p.fields AS TEXT), CAST(p.conditions AS TEXT), "
    "CAST(p.rel_conditions AS TEXT), CAST(p.default_values AS TEXT) "
    "FROM _dragoman_permissions p JOIN _dragoman_roles r ON r.id = p.role_id"
)
Named = Callable[[Resource, str], str | None]
_JSON = ("fields", "conditions", "rel_conditions", "default_values")


@dataclass(frozen=True)
class Entry:
    """A row of permissions. What is kept as JSON is read, UNREADABLE where it is none."""

    role: str
    id: str
    collection: str
    action: str
    effect: str | None = None
    fields: object = None
    conditions: object = None
    rel_conditions: object = None
    default_values: object = None

    @property
    def allow(self) -> bool:
        """Whether the row gives something: what does not say so denies."""
        return self.effect in (None, "allow")


# ---------------------------------------------------------------- reading


def read_entries(database: Database) -> tuple[Revision, tuple[Entry, ...]]:
    """The revision, and all rows as of it."""
    with database.read() as session:
        now = revision_within(session)
        entries = tuple(_entry(row) for row in session.fetch(f"{_ALL} ORDER BY p.id"))
    return now, entries


def read_entry(database: Database, session: Session, id: object) -> Entry:
    """One row, as it is in an open transaction."""
    return _entry(session.fetch(sql_for(database, f"{_ALL} WHERE p.id = ?"), (id,))[0])


def _entry(row: tuple[object, ...]) -> Entry:
    role, id, collection, action, effect, *written = row
    held = {name: _read(value) for name, value in zip(_JSON, written, strict=True)}
    return Entry(
        role=canonical_role(str(role)),
        id=str(id),
        collection=str(collection),
        action=str(action),
        effect=None if effect is None else str(effect),
        **held,
    )


def _read(value: object) -> Any:
    try:
        return None if value is None else json.loads(str(value))
    except (ValueError, RecursionError):
        return UNREADABLE


# ---------------------------------------------------------------- what is wrong with a row

Wrong = Iterator[tuple[str, str]]


def mistakes(entry: Entry, ground: Ground) -> Wrong:
    """(column, message) for everything that is wrong with a row."""
    if entry.action not in STORED_ACTIONS:
        yield "action", f"must be one of {', '.join(STORED_ACTIONS)}"
    if entry.effect not in (None, "allow", "deny"):
        yield "effect", "must be allow or deny"
    exact = ground.exact(entry.collection)
    if exact is None:
        yield "collection", "there is no such collection"
        return
    yield from _fields(entry, ground, exact)
    yield from _conditions(entry, ground, exact)
    yield from _related(entry, ground, exact)
    yield from _defaults(entry, ground, exact)
    if not entry.allow:
        yield from _denial(entry)


def _fields(entry: Entry, ground: Ground, exact: str) -> Wrong:
    if entry.fields is None:
        return
    if not isinstance(entry.fields, list) or not all(isinstance(name, str) for name in entry.fields):
        yield "fields", "must be a list of names"
        return
    for name in entry.fields:
        if name != EVERY and not _known(ground, exact, name.removeprefix("-")):
            yield "fields", f"there is no field {name.removeprefix('-')[:60]!r}"


def _known(ground: Ground, exact: str, written: str) -> bool:
    return any(ground.column(resource, written) for resource in ground.about(exact))


def _conditions(entry: Entry, ground: Ground, exact: str) -> Wrong:
    if entry.conditions is not None:
        yield from _tree(ground, ground.about(exact), entry.conditions, "conditions")


def _tree(ground: Ground, resources: Iterable[Resource], tree: object, column: str) -> Wrong:
    """What is wrong with a condition: it must be one of all these resources."""
    try:
        if not isinstance(tree, dict):
            raise ApiError("invalid", "must be an object of conditions")
        for resource in resources if tree else ():
            check_filter(parse(ground.scope(), resource, tree, parameter=column), ground.limits)
    except ApiError as error:
        yield column, error.message.removeprefix(f"{column}: ")


def _related(entry: Entry, ground: Ground, exact: str) -> Wrong:
    column, trees = "rel_conditions", entry.rel_conditions
    if not trees and (trees is None or isinstance(trees, dict)):
        return
    if not isinstance(trees, dict):
        yield column, "must be an object of conditions by relation"
        return
    if entry.action != "read" or not entry.allow:
        yield column, "go with an allow to read: they are about rows that are reached in reading"
    for name, tree in trees.items():
        targets = list(_targets(ground, exact, name))
        if not targets:
            yield column, f"there is no relation {name[:60]!r}"
        yield from _tree(ground, targets, tree, column)


def _targets(ground: Ground, exact: str, written: str) -> Iterator[Resource]:
    for resource in ground.about(exact):
        if (name := ground.relation(resource, written)) is not None:
            yield ground.catalog.target(resource.relations[name])


def _defaults(entry: Entry, ground: Ground, exact: str) -> Wrong:
    column, values = "default_values", entry.default_values
    if not values and (values is None or isinstance(values, dict)):
        return
    if not isinstance(values, dict):
        yield column, "must be an object of values by field"
        return
    if entry.action != "create" or not entry.allow:
        yield column, "go with an allow to create"
    for name, raw in values.items():
        if not _known(ground, exact, name):
            yield column, f"there is no field {name[:60]!r}"
        for resource in ground.about(exact):
            if known := ground.column(resource, name):
                yield from _default(ground, resource, known, raw)


def _default(ground: Ground, resource: Resource, name: str, raw: object) -> Wrong:
    try:
        constant(ground.scope(), resource, name, raw, parameter="default_values")
    except ApiError as error:
        yield "default_values", error.message.removeprefix("default_values: ")


def _denial(entry: Entry) -> Wrong:
    """A denial is about rows, or about fields of all rows: what it says must be what it does."""
    if entry.fields == []:
        yield "fields", "a denial of no field says nothing"
    elif entry.fields not in (None, [EVERY]) and entry.conditions:
        yield "conditions", "a denial of some fields holds for all rows"


# ---------------------------------------------------------------- definitions


def definitions(entries: Iterable[Entry], ground: Ground) -> tuple[tuple[RuleDefinition, ...], tuple[str, ...]]:
    """The rules of all rows, and what the log should know of those that have become bad."""
    rules: list[RuleDefinition] = []
    notes: list[str] = []
    for entry in entries:
        wrong = [f"{column} {message}" for column, message in mistakes(entry, ground)]
        if not wrong:
            rules.append(_definition(entry, ground))
            continue
        if not entry.allow:
            rules.append(_denied(entry, ground))
        notes.append(f"permission {entry.id} {'is dropped' if entry.allow else 'denies all'}: {'; '.join(wrong)}")
    return tuple(rules), tuple(notes)


def _definition(entry: Entry, ground: Ground) -> RuleDefinition:
    exact = ground.exact(entry.collection) or EVERY
    return RuleDefinition(
        entry.role,
        exact,
        (entry.action,),
        fields=_exact_fields(entry, ground, exact),
        where=entry.conditions or None,
        allow=entry.allow,
        defaults=MappingProxyType(dict(_exact_names(ground.column, ground, exact, entry.default_values))),
        related=MappingProxyType(dict(_exact_names(ground.relation, ground, exact, entry.rel_conditions))),
        stored=True,
        place=f"permission {entry.id}",
    )


def _denied(entry: Entry, ground: Ground) -> RuleDefinition:
    """A denial that cannot be read: of the whole resource, or of all where not even that is known."""
    actions = (entry.action,) if entry.action in ACTIONS else ACTIONS
    exact = ground.exact(entry.collection) or EVERY
    return RuleDefinition(entry.role, exact, actions, allow=False, stored=True, place=f"permission {entry.id}")


def _exact_fields(entry: Entry, ground: Ground, exact: str) -> tuple[str, ...] | None:
    """The named columns; None for all of them."""
    if not isinstance(entry.fields, list) or entry.fields == [EVERY]:
        return None
    made: list[str] = []
    for name in entry.fields:
        mark, written = ("-", name[1:]) if name.startswith("-") else ("", name)
        made += [f"{mark}{each}" for each in _names_of(ground, exact, written)] if name != EVERY else [EVERY]
    return tuple(dict.fromkeys(made))


def _names_of(ground: Ground, exact: str, written: str) -> list[str]:
    found = (ground.column(resource, written) for resource in ground.about(exact))
    return list(dict.fromkeys(name for name in found if name is not None))


def _exact_names(named: Named, ground: Ground, exact: str, given: object) -> Iterator[tuple[str, object]]:
    """The members of an object under the exact names that they mean."""
    for written, value in given.items() if isinstance(given, Mapping) else ():
        for resource in ground.about(exact):
            if (name := named(resource, written)) is not None:
                yield name, value
