"""Our own resources: accounts, roles, links, permissions, tenants, the audit, under names that begin with `_dragoman_`.

In: a `Config` (what it adds to accounts, where our tables live). Out: their definitions, as ordinary resources with a
presentation per dialect. `crud.creation` makes the tables; `crud.identity` has the statements that sign-in needs.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from crud.definitions.config import Config
from crud.definitions.declared import FieldDefinition, RelationDefinition, ResourceDefinition
from crud.definitions.problems import Problem
from crud.presentation import Shown
from crud.resources import declared_resource
from sql.catalog import Column, Resource, Table
from sql.introspection import OWN_PREFIX, TableInfo
from sql.types import BIGINT, BOOLEAN, CITEXT, DATETIME, JSON, STRING, TEXT, UUID, Type

PREFIX = OWN_PREFIX
ACCOUNTS, ROLES, USER_ROLES = f"{PREFIX}users", f"{PREFIX}roles", f"{PREFIX}user_roles"
PERMISSIONS, TENANTS, AUDIT = f"{PREFIX}permissions", f"{PREFIX}tenants", f"{PREFIX}audit"
ACCOUNTS_VIEW, REVISION, LAYOUTS = f"{PREFIX}accounts", f"{PREFIX}revision", f"{PREFIX}layouts"

# What definitions may call our own resources, where no table of the user has the name.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("accounts", "users", "User", "user", "baasix_User"), ACCOUNTS),
        **dict.fromkeys(("roles", "Role", "baasix_Role"), ROLES),
        **dict.fromkeys(("user_roles", "UserRole", "baasix_UserRole"), USER_ROLES),
        **dict.fromkeys(("permissions", "Permission", "baasix_Permission"), PERMISSIONS),
        **dict.fromkeys(("audit", "Audit", "baasix_Audit"), AUDIT),
        **dict.fromkeys(("tenants", "Tenant", "baasix_Tenant", "organization"), TENANTS),
    }
)
ROLE_COLUMN = Column("role", STRING)


def called(resource: Resource) -> str:
    """What people are told that a resource is called: the tables of our own are not shown as such."""
    return f"system.{resource.entity}" if resource.system else resource.name


def _field(name: str, type: Type | None, **more: object) -> FieldDefinition:
    return FieldDefinition(name, type, **more)  # type: ignore[arg-type]


def _key() -> FieldDefinition:
    return _field("id", UUID, key=True, auto="uuid")


def _stamps() -> tuple[FieldDefinition, ...]:
    return (_field("created_at", DATETIME, auto="created_at"), _field("updated_at", DATETIME, auto="updated_at"))


def _reference(name: str, target: str, *, required: bool = False, on_delete: str = "cascade") -> FieldDefinition:
    return _field(name, UUID, references=target, required=required, on_delete=on_delete)


_FIELDS: Mapping[str, tuple[FieldDefinition, ...]] = {
    "tenants": (_key(), _field("name", STRING, required=True), _field("address", STRING)),
    "roles": (
        _key(),
        _field("name", STRING, required=True, unique=True),
        _field("description", TEXT),
        _field("is_tenant_specific", BOOLEAN, required=True, default=False, has_default=True),
    ),
    "users": (
        _key(),
        _field("email", CITEXT),
        _field("name", STRING),
        _field("first_name", STRING),
        _field("last_name", STRING),
        _field("phone", STRING),
        _field("password_hash", STRING, write_only=True),
        _field("is_active", BOOLEAN, required=True, default=True, has_default=True),
        _reference("tenant_id", TENANTS, on_delete="set null"),
        *_stamps(),
    ),
    "user_roles": (
        _key(),
        _reference("user_id", ACCOUNTS, required=True),
        _reference("role_id", ROLES, required=True),
        _reference("tenant_id", TENANTS),
    ),
    "permissions": (
        _key(),
        _reference("role_id", ROLES, required=True),
        _field("collection", STRING, required=True),
        _field("action", STRING, required=True),
        _field("effect", Type("enum", values=("allow", "deny")), default="allow", has_default=True),
        _field("fields", JSON),
        _field("conditions", JSON),
        _field("rel_conditions", JSON),
        _field("default_values", JSON),
        *_stamps(),
    ),
    "audit": (
        _field("id", BIGINT, key=True, auto="increment"),
        _field("at", DATETIME, required=True),
        _field("actor", STRING),
        _field("tenant", STRING),
        _field("action", STRING, required=True),
        _field("resource", STRING, required=True),
        _field("key", JSON, required=True),
        _field("columns", JSON, required=True),
        _field("old", JSON),
        _field("new", JSON),
        _field("request_id", STRING),
    ),
}

_OWN_KEY = (("id", "user_id"),)
_RELATIONS: Mapping[str, tuple[RelationDefinition, ...]] = {
    "users": (
        RelationDefinition("roles", target=ROLES, through=USER_ROLES, near=_OWN_KEY, far=(("role_id", "id"),)),
        RelationDefinition(
            "permissions", target=PERMISSIONS, through=USER_ROLES, near=_OWN_KEY, far=(("role_id", "role_id"),)
        ),
    ),
    "roles": (
        RelationDefinition(
            "users", target=ACCOUNTS, through=USER_ROLES, near=(("id", "role_id"),), far=(("user_id", "id"),)
        ),
    ),
}


def _camel(*names: str) -> dict[str, str]:
    heads = [name.split("_") for name in names]
    return {name: head[0] + "".join(map(str.title, head[1:])) for name, head in zip(names, heads, strict=True)}


_PASSWORD = {"password_hash": "password"}
_STAMPS = _camel("created_at", "updated_at")
_PHANTOM_USER = _camel("is_active", "created_at", "updated_at", "first_name", "last_name", "tenant_id")
_BAASIX_USER = _camel("first_name", "last_name", "is_active", "created_at", "updated_at") | {"tenant_id": "tenant_Id"}
_SONICJS_TIMES = {"created_at": "created_on", "updated_at": "updated_on"}
_LINKS = {"user_id": "user_Id", "role_id": "role_Id", "tenant_id": "tenant_Id"}

_SHOWN: Mapping[str, Mapping[str, Shown]] = {
    "users": {
        "phantom": Shown(words=("User", "accounts"), columns=_PHANTOM_USER | _PASSWORD),
        "xond": Shown(
            words=("user", "accounts"),
            columns={"id": "userId", "tenant_id": "organizationId"} | _PASSWORD,
            relations={"tenant": "organization"},
        ),
        "sonicjs": Shown(words=("users", "accounts"), columns=_SONICJS_TIMES | _PASSWORD, times="epoch_ms"),
        "metal": Shown(words=("users", "accounts"), columns=_PASSWORD),
        "baasix": Shown(
            words=("baasix_User", "users", "accounts"),
            columns=_BAASIX_USER | _PASSWORD,
            relations={"user_roles": "userRoles"},
        ),
    },
    "roles": {
        "phantom": Shown(words=("roles", "Role")),
        "xond": Shown(words=("roles", "role")),
        "baasix": Shown(
            words=("baasix_Role", "roles"),
            columns=_camel("is_tenant_specific"),
            relations={"user_roles": "userRoles"},
        ),
    },
    "user_roles": {"baasix": Shown(words=("baasix_UserRole",), columns=_LINKS)},
    "permissions": {
        "phantom": Shown(words=("permissions", "Permission")),
        "xond": Shown(words=("permissions", "permission")),
        "baasix": Shown(
            words=("baasix_Permission", "permissions"),
            columns=_camel("rel_conditions", "default_values") | _STAMPS | {"role_id": "role_Id"},
        ),
    },
    "audit": {
        "phantom": Shown(words=("audit", "Audit")),
        "xond": Shown(words=("audit",)),
        "baasix": Shown(words=("baasix_Audit", "audit"), columns=_camel("request_id")),
    },
    "tenants": {
        "phantom": Shown(words=("tenants", "Tenant")),
        "xond": Shown(words=("organization", "tenants"), columns={"id": "organizationId"}),
        "baasix": Shown(words=("baasix_Tenant", "tenants"), relations={"user_roles": "userRoles"}),
    },
}


def definitions(config: Config) -> tuple[ResourceDefinition, ...]:
    """Our own resources in an order in which their tables can be made."""
    made = tuple(_definition(entity, config.server.system) for entity in _FIELDS)
    return tuple(_extended(d, config.accounts) if d.entity == "users" else d for d in made)


def _definition(entity: str, source: str) -> ResourceDefinition:
    fields = _FIELDS[entity]
    return ResourceDefinition(
        entity=entity,
        namespace="system",
        source=source,
        table=f"{PREFIX}{entity}",
        fields=fields,
        key=("id",),
        uniques=tuple((field.name,) for field in fields if field.unique),
        relations=_RELATIONS.get(entity, ()),
        shown=_SHOWN[entity],
        read_only=entity == "audit",
        tenant="tenant" if entity == "audit" else None,
    )


def _extended(own: ResourceDefinition, said: ResourceDefinition) -> ResourceDefinition:
    """Accounts with what the configuration adds to them."""
    known = {field.name: field for field in own.fields}
    extras = tuple(field for field in said.fields if field.name not in known)
    return replace(
        own,
        fields=own.fields + extras,
        relations=own.relations + said.relations,
        aliases=said.aliases,
        uniques=own.uniques + said.uniques,
        shown=MappingProxyType(
            {d: _merged(own.shown.get(d, Shown()), s) for d, s in said.shown.items()}
            | {d: s for d, s in own.shown.items() if d not in said.shown}
        ),
        place=said.place,
    )


def _merged(own: Shown, said: Shown) -> Shown:
    return Shown(
        name=said.name,
        columns={**own.columns, **said.columns},
        relations={**own.relations, **said.relations},
        show=said.show,
        hide=said.hide,
        times=own.times if said.times == "iso" else said.times,
        words=((said.name,) if said.name else ()) + own.words,
    )


def extras(config: Config) -> tuple[FieldDefinition, ...]:
    """The columns that a configuration adds to accounts."""
    own = {field.name for field in _FIELDS["users"]}
    return tuple(field for field in config.accounts.fields if field.name not in own)


def resource(
    definition: ResourceDefinition, info: TableInfo, own: Mapping[Table, TableInfo], *, problems: list[Problem]
) -> Resource:
    """One of our own resources. Accounts are read from a view that adds the leading role."""
    made = declared_resource(info, definition, name=definition.table, problems=problems, system=True)
    if definition.table != ACCOUNTS or Table(ACCOUNTS_VIEW) not in own:
        return made
    columns = MappingProxyType({**made.columns, ROLE_COLUMN.name: ROLE_COLUMN})
    return replace(made, columns=columns, reads=Table(ACCOUNTS_VIEW))
