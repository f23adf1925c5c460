"""Running one request three ways, and telling where they differ.

In: databases with the tables of writes, a `World`, requests. Out: AssertionErrors that show the first difference.
A key that a database makes is another one on each: `Served.real` says which, in the order in which they were made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from crud import service
from crud.access.policy import Policy
from crud.definitions.config import Config
from crud.errors import ApiError
from crud.hooks import Hooks
from crud.schemas import schemas_of
from crud.service import Written
from crud.snapshots.state import Context, Snapshot
from sql.builder import compile_query
from sql.catalog import Resource
from sql.commands import Command, Delete, Ensure, Insert, Update, UpdateFirst, Upsert
from sql.database import Database
from sql.ddl import create_table
from sql.execute import Bindings, execute
from sql.expressions import Path
from sql.introspection import ForeignKey
from sql.layout import layout_of
from sql.query import Authorized, Query, Select
from tests.property.comparing import difference
from tests.property.databases import told
from tests.property.model import World
from tests.property.parts import shown
from tests.property.rows import STAMP, Made, Outcome, Refused, Row, Sent, Tables
from tests.property.tables import ACTORS, RULES, TABLES

STAMPED = ("made", "changed", "gone")


@dataclass(frozen=True, eq=False)
class Served:
    """A database with the tables, served. `real`: made keys → the database's own, `known` the other way."""

    database: Database
    snapshot: Snapshot
    real: dict[Made, object] = field(default_factory=dict)
    known: dict[tuple[str, object], Made] = field(default_factory=dict)


def serve(database: Database) -> Served:
    """Make the tables, and what is in force."""
    with database.transaction() as session:
        for resource in TABLES:
            for statement in create_table(layout_of(resource, references=_foreign(resource)), database.backend):
                session.execute(statement)
    catalog = told(database, TABLES)
    policy = Policy(catalog, RULES)
    schemas = schemas_of(catalog, {"default": database.backend.name})
    return Served(database, Snapshot(Config(), catalog, {}, policy, {"default": database}, schemas, Hooks()))


def _foreign(resource: Resource) -> tuple[ForeignKey, ...]:
    return tuple(
        ForeignKey((here,), TABLES.resource(link.target).table, (there,), link.on_delete)
        for link in resource.references
        if link.enforced
        for here, there in link.columns
    )


def emptied(served: Served) -> None:
    """Empty all tables, and forget their keys."""
    with served.database.transaction() as session:
        for name in reversed(list(TABLES.resources)):
            session.execute(f"DELETE FROM {name}")
    served.real.clear()
    served.known.clear()


# ---------------------------------------------------------------- there and back


def real(served: Served, value: Any) -> Any:
    """A value, row, condition's values or rows as this database takes them."""
    match value:
        case Made():
            return served.real[value]
        case Sent(raw=raw):
            return raw
        case tuple():
            return tuple(real(served, one) for one in value)
        case dict():
            return {name: real(served, one) for name, one in value.items()}
    return value


def sent(served: Served, command: Command) -> Command:
    """The command with this database's keys."""
    changed: dict[str, Any] = {}
    if not isinstance(command, Insert | Upsert):
        changed["values"] = real(served, command.values)
    match command:
        case Insert(rows=rows):
            changed["rows"] = real(served, rows)
        case Ensure(row=row) | Upsert(row=row):
            changed["row"] = real(served, row)
        case Update(changes=changes) | UpdateFirst(changes=changes):
            changed["changes"] = real(served, changes)
    return replace(command, **changed)


TARGETS: Mapping[tuple[str, str], str] = {
    **{(one.name, "id"): one.name for one in TABLES},
    **{(one.name, link.columns[0][0]): link.target for one in TABLES for link in one.references},
}


def known(served: Served, resource: Resource, row: Mapping[str, Any]) -> Row:
    """A row of this database with the model's words for keys and for the time."""
    return {name: _known(served, resource, name, value) for name, value in row.items()}


def _known(served: Served, resource: Resource, name: str, value: Any) -> Any:
    if name in STAMPED and isinstance(value, str) and value > "2020":
        return STAMP
    target = TARGETS.get((resource.name, name))
    return value if target is None or isinstance(value, list) else served.known.get((target, value), value)


def modelled(resource: Resource, row: Row) -> Row:
    """A row of the model as an answer shows it."""
    return {
        name: value
        if isinstance(value, Made) or value == STAMP or value is None
        else shown(_type(resource, name), value)
        for name, value in row.items()
    }


def _type(resource: Resource, name: str) -> Any:
    return resource.column(name).type


# ---------------------------------------------------------------- comparing

ALL = {one.name: Query(one.name, tuple(Select(Path(name), name) for name in one.columns)) for one in TABLES}
_COMPILED: dict[tuple[int, str], Any] = {}


def tables(served: Served) -> Tables:
    """All rows of all tables, whoever asks."""
    found: Tables = {}
    with served.database.transaction():
        for name, query in ALL.items():
            made = _COMPILED.get((id(served), name))
            if made is None:
                made = compile_query(Authorized(query), served.snapshot.catalog, served.database.backend, max_rows=9999)
                _COMPILED[id(served), name] = made
            bindings = Bindings((), {}, datetime(2000, 1, 1, tzinfo=UTC))
            rows = execute(made, served.database, bindings).rows
            found[name] = [known(served, TABLES.resource(name), row) for row in rows]
    return found


def _sorted(rows: Sequence[Row], key: tuple[str, ...]) -> list[Row]:
    """Rows without regard to their order."""
    return sorted(rows, key=lambda row: repr([_plain(row[name]) for name in key or row]))


def _plain(value: Any) -> Any:
    return value if not isinstance(value, float) else repr(value)


def same_tables(served: Served, world: World) -> str | None:
    """Where the tables differ from the model's."""
    found = tables(served)
    for name, rows in world.tables.items():
        resource = TABLES.resource(name)
        expected = [modelled(resource, row) for row in rows]
        if place := difference(_sorted(expected, resource.key), _sorted(found[name], resource.key), name):
            return place
    return None


def run(served: Served, actor: str, commands: Sequence[Command]) -> tuple[Written, ...] | str:
    """What the service answers: outcomes, or the kind of the refusal."""
    try:
        return service.write(Context(served.snapshot, ACTORS[actor]), [sent(served, one) for one in commands])
    except ApiError as error:
        return error.kind


def agreed(both: Mapping[str, Served], world: World, actor: str, commands: Sequence[Command]) -> Refused | None:
    """Run a request; its refusal if all three agree that it is one. Raises AssertionError where they do not."""
    expected: list[Outcome] | Refused
    try:
        expected = world.write(actor, commands)
    except Refused as refused:
        expected = refused
    for name, served in both.items():
        place = _different(served, expected, run(served, actor, commands), commands) or same_tables(served, world)
        assert place is None, f"{name}: {place}\n{actor}\n" + "\n".join(map(str, commands))
    return expected if isinstance(expected, Refused) else None


def _different(
    served: Served, expected: list[Outcome] | Refused, found: tuple[Written, ...] | str, commands: Sequence[Command]
) -> str | None:
    if isinstance(expected, Refused):
        return None if found == expected.kind else f"refused as {expected.kind} expected, {found} found"
    if isinstance(found, str):
        return f"accepted expected, refused as {found} found"
    for command, outcome, written in zip(commands, expected, found, strict=True):
        if outcome.created:
            _learn(served, TABLES.resource(command.resource), outcome, written)
    places = (_outcome(served, *each) for each in zip(commands, expected, found, strict=True))
    return next((place for place in places if place), None)


def _learn(served: Served, resource: Resource, outcome: Outcome, written: Written) -> None:
    for expected, found in zip(outcome.keys, written.keys, strict=False):
        for name, value in expected.items():
            if isinstance(value, Made):
                served.real.setdefault(value, found[name])
                served.known[value.table, found[name]] = value


def _outcome(served: Served, command: Command, expected: Outcome, found: Written) -> str | None:
    resource = TABLES.resource(command.resource)
    kind = f"{type(command).__name__} {resource.name}"
    if (expected.count, expected.created) != (found.count, found.created):
        return f"{kind}: {expected.count, expected.created} expected, {found.count, found.created} found"
    if not resource.key:
        return f"{kind}: rows without a key were shown: {found.rows}" if found.rows else None
    keys = [known(served, resource, key) for key in found.keys]
    rows = [known(served, resource, row) for row in found.rows]
    wanted = [modelled(resource, row) for row in expected.keys]
    asked = not isinstance(command, Update | Delete) or command.keyed or isinstance(command, Update) and command.shown
    silent = not keys and not asked
    if not silent and (place := _listed(resource, command, wanted, keys)):
        return f"{kind} keys{place}"
    if silent and isinstance(command, Delete):
        return None
    names = [item.alias for item in command.shown.select] if command.shown else []
    seen = (
        [] if isinstance(command, Delete) else [modelled(resource, {n: row[n] for n in names}) for row in expected.rows]
    )
    place = _listed(resource, command, seen, rows)
    return f"{kind} rows{place}" if place else None


def _listed(resource: Resource, command: Command, expected: list[Row], found: list[Row]) -> str | None:
    """New rows come in the order in which they were sent, changed ones by key, deleted ones in any."""
    if isinstance(command, Delete):
        expected, found = _sorted(expected, resource.key), _sorted(found, resource.key)
    return difference(expected, found)


Opened = Mapping[str, Served]
