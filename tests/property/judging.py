"""What can be said of a command before anything is written: may its caller do it, and are its rows rows?

In: an actor's name, a command. Out: nothing, or `Refused`; the row with what the caller's rule puts into it.
"""

from collections.abc import Iterator, Mapping

from sql.catalog import Resource
from sql.commands import Command, Ensure, Insert, Update, UpdateFirst, Upsert
from sql.expressions import And, Compare, Filter, Not, Or, Path
from tests.property.allowed import ACTIONS, allowed
from tests.property.rows import Refused, Sent, meant, required, same
from tests.property.tables import ACTORS, TABLES


def permit(actor: str, command: Command) -> None:
    for action in ACTIONS[type(command)]:
        if allowed(actor, command.resource, action) is None:
            raise Refused("forbidden")
    if not isinstance(command, Insert | Upsert):
        _permit_where(actor, TABLES.resource(command.resource), command.where)
    for row, action in _rows_sent(command):
        permit_row(actor, command.resource, row, action)


def _permit_where(actor: str, resource: Resource, where: Filter) -> None:
    """A condition speaks of what the caller may read, and of the key."""
    read = allowed(actor, resource.name, "read")
    seen = (read.columns if read else frozenset()) | set(resource.key)
    for path in _paths(where):
        if not path.hops:
            if path.column not in seen:
                raise Refused("unknown_field")
            continue
        relation = resource.relation(path.hops[0].relation)
        target = allowed(actor, relation.target, "read")
        linked = read is not None and relation.columns[0][0] in read.columns
        if target is None or not linked or not {relation.columns[0][1], path.column} <= target.columns:
            raise Refused("unknown_field")


def permit_row(actor: str, name: str, row: Mapping[str, object], action: str) -> None:
    allow = allowed(actor, name, action)
    assert allow is not None
    if set(row) - allow.columns:
        raise Refused("unknown_field")


def check(actor: str, command: Command) -> None:
    resource = TABLES.resource(command.resource)
    for row, action in _rows_sent(command):
        if action == "update":
            _check_values(resource, row)
        else:
            whole = given(actor, resource, row)
            _check_values(resource, whole)
            if any(required(resource, column) and column.name not in whole for column in resource.columns.values()):
                raise Refused("invalid")


def given(actor: str, resource: Resource, row: Mapping[str, object]) -> dict[str, object]:
    """The row with what the rule and the tenancy of the caller put into it."""
    allow, tenant = allowed(actor, resource.name, "create"), ACTORS[actor].tenant
    assert allow is not None
    given = {**allow.defaults, **row}
    if resource.tenant is not None and tenant is not None:
        given[resource.tenant] = tenant
    return given


def _check_values(resource: Resource, row: Mapping[str, object]) -> None:
    for name, value in row.items():
        if isinstance(value, Sent) and value.wrong:
            raise Refused("invalid")
        if meant(value) is None and (name in resource.key or not resource.column(name).nullable):
            raise Refused("invalid")


def together(actor: str, command: Command) -> None:
    """Rows of one command that cannot be beside each other."""
    if not isinstance(command, Insert) or len(command.rows) < 2:
        return
    resource = TABLES.resource(command.resource)
    made = [given(actor, resource, row) for row in command.rows]
    for unique in filter(None, (resource.key, *resource.uniques)):
        met = [tuple(same(resource, name, meant(row.get(name))) for name in unique) for row in made]
        full = [values for values in met if None not in values]
        if len(set(full)) < len(full):
            raise Refused("conflict")


def _rows_sent(command: Command) -> Iterator[tuple[Mapping[str, object], str]]:
    match command:
        case Insert(rows=rows):
            yield from ((row, "create") for row in rows)
        case Ensure(row=row) | Upsert(row=row):
            yield row, "create"
        case Update(changes=changes) | UpdateFirst(changes=changes):
            yield changes, "update"


def _paths(where: Filter) -> Iterator[Path]:
    match where:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _paths(term)
        case Not(term):
            yield from _paths(term)
        case Compare(Path() as path):
            yield path
