"""Reads one resource definition, whatever file it came from.

In: data that has passed `schema.RESOURCE`, and its place. Out: `ResourceDefinition` and `RuleDefinition`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crud.definitions.config import canonical_role
from crud.definitions.declared import (
    ACTIONS,
    Audit,
    FieldDefinition,
    IndexDefinition,
    Of,
    RelationDefinition,
    ResourceDefinition,
    RuleDefinition,
)
from crud.definitions.formulas import typed
from crud.definitions.place import Place
from crud.definitions.values import VALUE_RULES
from crud.presentation import Shown
from sql.catalog import SoftDelete
from sql.types import BIGINT, DATETIME, INTEGER, STRING, UUID, Type

Data = Mapping[str, Any]
AUTO_TYPES: Mapping[str, Type] = {
    "created_at": DATETIME,
    "updated_at": DATETIME,
    "created_by": STRING,
    "updated_by": STRING,
    "status": INTEGER,
    "uuid": UUID,
    "prefixed": STRING,
    "increment": BIGINT,
}
# What an entity may say whose table is another's.
OF_KEYS = frozenset(
    {"schema", "source", "entity", "description", "rules", "permissions", "aliases", "hidden", "read_only", "dialects"}
)


def read_resource(
    data: Data, place: Place, *, entity: str, namespace: str = "main", source: str = "default"
) -> ResourceDefinition:
    """A definition as a value."""
    fields = [read_field(name, given, place / "fields" / name) for name, given in data.get("fields", {}).items()]
    fields += _stamps(data.get("stamps", False), {field.name for field in fields}, place)
    fields = typed(fields)
    return ResourceDefinition(
        entity=entity,
        namespace=namespace,
        source=data.get("source", source),
        table=data.get("table") or data.get("entity") or entity,
        fields=tuple(fields),
        key=tuple(data.get("key", ())) or tuple(field.name for field in fields if field.key),
        uniques=tuple(tuple(names) for names in data.get("unique", ())) + _own_uniques(fields),
        indexes=tuple(_index(i, place / "indexes" / n) for n, i in enumerate(data.get("indexes", ()))),
        renamed_from=data.get("renamed_from"),
        relations=tuple(_relation(n, r, place / "relations" / n) for n, r in data.get("relations", {}).items()),
        aliases=tuple(data.get("aliases", ())),
        soft_delete=_soft_delete(data.get("soft_delete")),
        tenant=data.get("tenant"),
        hidden=data.get("hidden", False),
        read_only=data.get("read_only", False),
        audit=read_audit(data.get("audit", False)),
        rules=_rules(data, place, entity),
        shown=MappingProxyType({name: _shown(given) for name, given in data.get("dialects", {}).items()}),
        of=_of(data, entity),
        place=place,
    )


def _of(data: Data, entity: str) -> Of | None:
    """`{schema: other, entity: thing}`, or Metal's `{source: name, entity: thing}` where nothing is said of a table."""
    more = tuple(key for key in data if key not in OF_KEYS)
    if "schema" in data:
        return Of(
            data.get("entity", entity), schema=data["schema"], more=(*more, *(["source"] if "source" in data else []))
        )
    if {"source", "entity"} <= data.keys() and not more:
        return Of(data["entity"], source=data["source"])
    return None


def read_field(name: str, data: Data, place: Place) -> FieldDefinition:
    """One field. Phantom's `relation` named `author` is a column `authorId`."""
    relation = data.get("type") == "relation"
    default = data.get("literal", data.get("default", data.get("defaultValue")))
    auto = data.get("auto")
    return FieldDefinition(
        name=f"{name}Id" if relation else name,
        type=_type(data) or (AUTO_TYPES[auto] if auto else None),
        required=data.get("required"),
        key=data.get("key", data.get("primaryKey", False)),
        default=default,
        has_default=default is not None,
        literal="literal" in data,
        unique=data.get("unique", False),
        references=data.get("references") or data.get("target"),
        on_delete=_on_delete(data, "set null" if relation and not data.get("required") else None),
        relation=name if relation else None,
        auto=auto,
        formula=data.get("formula", ""),
        storage=data.get("storage"),
        read_only=data.get("read_only", False),
        write_only=data.get("write_only", False),
        renamed_from=_renamed(data, relation=relation),
        rules=MappingProxyType({rule: data[rule] for rule in VALUE_RULES if rule in data}),
        place=place,
    )


def _renamed(data: Data, *, relation: bool) -> str | None:
    former = data.get("renamed_from")
    return f"{former}Id" if former and relation else former


def _type(data: Data) -> Type | None:
    match data.get("type"):
        case None | "relation":
            return None
        case "array" | "range" as name:
            return Type(name, item=Type(data.get("items", "string" if name == "array" else "integer")))
        case name:
            return Type(name, data.get("precision"), data.get("scale"), tuple(data.get("values", ())))


def _on_delete(data: Data, usual: str | None) -> str | None:
    word = data.get("on_delete") or data.get("onDelete") or usual
    return word.lower().replace("_", " ") if word else None


def _own_uniques(fields: list[FieldDefinition]) -> tuple[tuple[str, ...], ...]:
    return tuple((field.name,) for field in fields if field.unique)


def _index(data: Data, place: Place) -> IndexDefinition:
    return IndexDefinition(data.get("name", ""), tuple(data["fields"]), data.get("unique", False), place)


def _stamps(given: bool | list[str], taken: set[str], place: Place) -> list[FieldDefinition]:
    names = ["created_at", "updated_at"] if given is True else given or []
    return [
        FieldDefinition(name, AUTO_TYPES[name], auto=name, place=place / "stamps")
        for name in names
        if name not in taken
    ]


def _relation(name: str, data: Data, place: Place) -> RelationDefinition:
    return RelationDefinition(
        name=name,
        rename=data.get("rename"),
        target=data.get("target"),
        kind=data.get("kind"),
        columns=tuple(data.get("columns", {}).items()),
        through=data.get("through"),
        near=tuple(data.get("near", {}).items()),
        far=tuple(data.get("far", {}).items()),
        only=tuple(data.get("only", {}).items()),
        inverse=data.get("inverse"),
        place=place,
    )


def _soft_delete(given: str | Data | None) -> SoftDelete | None:
    match given:
        case None:
            return None
        case str(column):
            return SoftDelete(column)
        case _:
            return SoftDelete(given["column"], given.get("active"), given.get("deleted"))


def read_audit(given: bool | Data) -> Audit:
    """What is kept of each change: nothing, the names of the changed columns, or their values too."""
    if isinstance(given, bool):
        return "names" if given else ""
    return "values" if given.get("values") else "names"


def _shown(data: Data) -> Shown:
    return Shown(
        name=data.get("name"),
        columns=MappingProxyType(dict(data.get("columns", {}))),
        relations=MappingProxyType(dict(data.get("relations", {}))),
        show=tuple(data["show"]) if "show" in data else None,
        hide=tuple(data.get("hide", ())),
        times=data.get("times", "iso"),
    )


def _rules(data: Data, place: Place, entity: str) -> tuple[RuleDefinition, ...]:
    written = [read_rule(r, place / "rules" / i, resource=entity) for i, r in enumerate(data.get("rules", ()))]
    for action, roles in data.get("permissions", {}).items():
        at = place / "permissions" / action
        for role in [roles] if isinstance(roles, str) else roles:
            written.append(RuleDefinition(canonical_role(role), entity, (action,), place=str(at), at=at))
    return tuple(written)


def read_rule(data: Data, place: Place, *, resource: str) -> RuleDefinition:
    """One rule; `resource` is what it is about where it does not say so itself."""
    actions = [data["actions"]] if isinstance(data["actions"], str) else data["actions"]
    return RuleDefinition(
        role=canonical_role(data["role"]),
        resource=data.get("resource", resource),
        actions=ACTIONS if "*" in actions else tuple(actions),
        fields=tuple(data["fields"]) if "fields" in data else None,
        where=data.get("where"),
        allow=data.get("allow", True),
        defaults=MappingProxyType(dict(data.get("defaults", {}))),
        related=MappingProxyType(dict(data.get("related", {}))),
        place=str(place),
        at=place,
    )
