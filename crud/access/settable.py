"""Which columns an action can concern at all, whoever asks: what rules choose from.

In: a resource and an action. Out: `Offer`: for reads every column that is not write-only; for writes the columns that
a caller could set. Keys, stamps, the tenant and the marks of accounts are set by those alone whose rule names them
(and by administrators); read-only and generated columns and the time of a soft deletion by nobody.
"""

from dataclasses import dataclass

from sql.catalog import Column, Resource

WRITING = ("create", "update")
# What of accounts would make a caller more than he is: an ordinary rule for "all columns" does not give it.
OWN = frozenset({"role", "is_active", "tenant_id", "password_hash"})


@dataclass(frozen=True)
class Offer:
    """`usual`: what a rule without fields, or with `*`, gives. `possible`: what it can give by name."""

    usual: frozenset[str]
    possible: frozenset[str]


def offer(resource: Resource, action: str, *, tenantless: bool) -> Offer:
    """The columns of an action (read, create, update, delete)."""
    if action not in WRITING:
        readable = frozenset(column.name for column in resource.columns.values() if not column.write_only)
        return Offer(readable, readable)
    possible = frozenset(c.name for c in resource.columns.values() if _possible(resource, c, tenantless))
    held = frozenset(name for name in possible if _held(resource, resource.columns[name], action))
    return Offer(possible - held, possible)


def _possible(resource: Resource, column: Column, tenantless: bool) -> bool:
    mark = resource.soft_delete
    if mark is not None and mark.deleted is None and column.name == mark.column:
        return False
    if column.name == resource.tenant and not tenantless:
        return False
    return not column.read_only and not column.generated


def _held(resource: Resource, column: Column, action: str) -> bool:
    """Whether a column must be named by a rule to be set."""
    if column.name in resource.key:
        return action == "update" or column.auto is not None or column.default is not None
    mine = resource.system and resource.entity == "users" and column.name in OWN
    return mine or column.auto is not None or column.name == resource.tenant
