"""Tables that a first row makes, in sources in memory with `autocreate`.

In: a context, a schema, the name of an entity that is not there, rows. Out: a table with columns of the rows' members,
and every worker knows of it with its next request. Who makes it may create rows of such a name; of several workers
that are asked at once, one makes it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from crud.access.permissions import Gate
from crud.access.policy import Policy, RuleProblem
from crud.access.rules import lettered
from crud.definitions.added import read_added
from crud.definitions.declared import SchemaDefinition
from crud.errors import ApiError
from crud.evolution.locking import alone
from crud.snapshots.revision import renew
from crud.snapshots.state import Context
from crud.staging import kinds
from sql.catalog import Catalog, Column, Resource, Table
from sql.ddl import create_table
from sql.layout import Layout
from sql.types import BIGINT, INTEGER, Type

Row = Mapping[str, object]
KEY = "id"


def arises(context: Context, schema: str, entity: str) -> bool:
    """Whether rows for an entity that is not there would make it, if this caller sends them."""
    said = context.snapshot.config.schemas.get(schema)
    if said is None or not said.everything or not context.snapshot.config.sources[said.source].autocreate:
        return False
    return _may(context, said, entity, {})


def arise(context: Context, schema: str, entity: str, rows: Sequence[Row]) -> None:
    """Make the table of an entity. Raises ApiError for names that a database does not hold, and what the caller may not
    create."""
    snapshot = context.snapshot
    said = snapshot.config.schemas[schema]
    columns = {name: Column(name, _type(row.get(name) for row in rows)) for row in rows for name in row}
    _check(entity, columns)
    if not columns or not _may(context, said, entity, columns):
        raise ApiError("forbidden", "Permission denied")
    database = snapshot.database(said.source)
    with alone(snapshot.system) as session, alone(database) as there:
        if entity not in database.names():
            _free(entity, database.names())
            for text in create_table(Layout(Table(entity), tuple(columns.values()), _key(rows)), database.backend):
                there.execute(text)
        renew(snapshot.system, session, "definitions")


def _type(values: object) -> Type:
    """What the values of a member have in common; whole numbers may become larger."""
    found = kinds.of_values(values)  # type: ignore[arg-type]
    return BIGINT if found == INTEGER else found


def _key(rows: Sequence[Row]) -> tuple[str, ...]:
    """`id`, where each row has one of its own."""
    held = [row.get(KEY) for row in rows]
    plain = all(isinstance(each, int | str) and not isinstance(each, bool) for each in held)
    return (KEY,) if plain and len(set(held)) == len(held) else ()


def _check(entity: str, columns: Mapping[str, Column]) -> None:
    """The names are those of any definition that arrives by request."""
    _, problems = read_added(entity, {"fields": {name: {"type": column.type.name} for name, column in columns.items()}})
    if problems:
        raise ApiError("bad_body", "; ".join(problem.message for problem in problems))


def _free(entity: str, names: frozenset[str]) -> None:
    if entity.lower() in {name.lower() for name in names}:
        raise ApiError("conflict", f"{entity!r} exists already, in other capitals and small letters")


# ---------------------------------------------------------------- who may


def _may(context: Context, schema: SchemaDefinition, entity: str, columns: Mapping[str, Column]) -> bool:
    """Whether the caller could create a row of these columns, were the table there."""
    snapshot, name = context.snapshot, f"{schema.name}.{entity}"
    if schema.name == snapshot.config.server.default_schema:
        name = entity
    wanted = Resource(
        name, Table(entity), MappingProxyType(dict(columns)), namespace=schema.name, entity=entity, source=schema.source
    )
    catalog = Catalog(MappingProxyType({**snapshot.catalog.resources, name: wanted}))
    letters = lettered(snapshot.config, Catalog({name: wanted}), snapshot.written)
    rules = (*(rule for rule in snapshot.policy.rules if rule.resource == "*"), *letters)
    gate = Gate(Policy(catalog, rules, snapshot.policy.names), catalog, *_kind(context))
    try:
        access = gate.granted(wanted, "create")
    except RuleProblem:  # a rule about columns that the rows do not have
        return False
    return access.allowed and access.columns >= columns.keys()


def _kind(context: Context) -> tuple[frozenset[str], bool, frozenset[str] | None]:
    actor = context.actor
    return actor.roles, actor.tenant is None, actor.scopes
