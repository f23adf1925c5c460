"""A resource's definition as Phantom shows it: `{"fields": …, "permissions": …}`.

In: a resource, names as the caller sees them, the rules in force. Out: the fields that the caller may read, the
relations that it may follow, and which roles may do what. Field names and types are those of the metadata files.
"""

from crud.access.policy import Policy
from crud.presentation import Presentation
from crud.wire.paths import Scope
from sql.catalog import Column, Default, Relation, Resource
from sql.defaults import plain_default
from sql.values import to_json


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
    return columns | {name: _relation(resource, relation, targets[name]) for name, relation in view.relations.items()}


def field_of(resource: Resource, column: Column) -> dict[str, object]:
    """A column in the words of a definition; what is not said is not there."""
    kind = column.type
    said: dict[str, object] = {
        "key": column.name in resource.key,
        "required": not column.nullable and column.default is None and not column.auto and not column.generated,
        "unique": {column.name} in [{*names} - {resource.tenant} for names in (*resource.uniques, resource.key)],
        "auto": column.auto,
        "precision": kind.precision,
        "scale": kind.scale,
        "values": list(kind.values) or None,
        "items": kind.item.name if kind.item else None,
        **{rule: asked for rule, asked in column.rules.items() if rule != "required"},
        "readOnly": column.read_only or column.generated,
    }
    shown = {word: value for word, value in said.items() if value is not None and value is not False}
    return {"type": kind.name} | shown | _default(column)


def _default(column: Column) -> dict[str, object]:
    """What an absent value becomes, whoever puts it there: a value or a word. SQL is shown to nobody."""
    default = column.default
    if default is not None and default.kind == "sql":
        default = plain_default(str(default.value), column.type)
    match default:
        case None:
            return {}
        case Default("literal", value):
            return {"default": to_json(value)}
        case Default("caller"):
            return {"default": "$CURRENT_USER"}
    return {"default": default.kind}


def _relation(resource: Resource, relation: Relation, target: str) -> dict[str, object]:
    said: dict[str, object] = {"type": "relation", "target": target, "kind": relation.kind}
    for reference in resource.references:
        if relation.kind == "to_one" and reference.columns == relation.columns and reference.on_delete != "NO ACTION":
            return said | {"onDelete": reference.on_delete}
    return said


def permissions_of(policy: Policy, resource: Resource) -> dict[str, list[str]]:
    """Which roles may do what, by the rules in force."""
    roles = sorted({"admin"} | {rule.role for rule in policy.rules})
    return {
        action: [r for r in roles if policy.access(resource, frozenset({r}), action, tenantless=False).allowed]
        for action in ("create", "read", "update", "delete")
    }
