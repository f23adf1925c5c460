"""A resource's definition as Phantom shows it: `{"fields": …, "permissions": …}`.

In: a resource, names as the caller sees them, the rules in force. Out: the fields that the caller may read, the
relations that it may follow, and which roles may do what. Field names and types are those of the metadata files.
"""

from crud.access.policy import Policy
from crud.presentation import Presentation
from crud.wire.paths import Scope
from sql.catalog import Column, Relation, Resource


def definition_of(scope: Scope, policy: Policy, resource: Resource) -> dict[str, object]:
    """The definition of a resource, with the names that the scope knows."""
    return {"fields": fields_of(scope, resource), "permissions": permissions_of(policy, resource)}


def fields_of(scope: Scope, resource: Resource) -> dict[str, object]:
    """The fields of a resource that the caller may read, and the relations that it may follow."""
    names = scope.names
    assert isinstance(names, Presentation)
    view = names.view(resource)
    columns: dict[str, object] = {name: field_of(resource, column) for name, column in view.columns.items()}
    targets = {name: names.name(scope.catalog.target(relation)) for name, relation in view.relations.items()}
    return columns | {name: _relation(relation, targets[name]) for name, relation in view.relations.items()}


def field_of(resource: Resource, column: Column) -> dict[str, object]:
    """A column in the words of a definition; what is not said is not there."""
    kind, default = column.type, column.default
    said: dict[str, object] = {
        "required": not column.nullable and default is None and not column.auto and not column.generated,
        "unique": {column.name} in [{*names} - {resource.tenant} for names in (*resource.uniques, resource.key)],
        "default": default.value if default is not None and default.kind == "literal" else None,
        "values": list(kind.values),
        "items": kind.item.name if kind.item else None,
        "readOnly": column.read_only or column.generated,
    }
    return {"type": kind.name} | {word: value for word, value in said.items() if value not in (None, False, [])}


def _relation(relation: Relation, target: str) -> dict[str, object]:
    return {"type": "relation", "target": target, "kind": relation.kind}


def permissions_of(policy: Policy, resource: Resource) -> dict[str, list[str]]:
    """Which roles may do what, by the rules in force."""
    roles = sorted({"admin"} | {rule.role for rule in policy.rules})
    return {
        action: [r for r in roles if policy.access(resource, frozenset({r}), action, tenantless=False).allowed]
        for action in ("create", "read", "update", "delete")
    }
