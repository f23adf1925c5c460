"""The tables of the property test of writes: each way of having a key, of being deleted and of referring to others.

In: nothing. Out: `TABLES` (a catalog), `RULES` and `ACTORS`: an administrator, an editor whose rules have conditions,
field lists and defaults, and a member of a tenant.
"""

from types import MappingProxyType

from crud.access.actor import Actor
from crud.definitions.declared import RuleDefinition
from sql.catalog import Catalog, Column, Default, Reference, Relation, Resource, SoftDelete, Table
from sql.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    CITEXT,
    DATE,
    DATETIME,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    TEXT,
    TIME,
    UUID,
    Type,
    array_of,
    range_of,
)

INCREMENT, MADE_UUID = Default("increment"), Default("uuid")
LEVELS = Type("enum", values=("low", "mid", "été"))
KINDS = Type("enum", values=("staff", "guest"))


def _needed(name: str, type: Type, **more: object) -> Column:
    return Column(name, type, False, **more)  # type: ignore[arg-type]


def _link(column: str, target: str, on_delete: str, *, there: str = "id", enforced: bool = True) -> Reference:
    return Reference(((column, there),), target, on_delete, enforced)


def _table(
    name: str,
    columns: tuple[Column, ...],
    *,
    key: tuple[str, ...] = ("id",),
    links: tuple[Reference, ...] = (),
    **more: object,
) -> Resource:
    to_one = {
        link.columns[0][0].removesuffix("_id"): Relation(
            link.columns[0][0].removesuffix("_id"), "to_one", link.target, link.columns
        )
        for link in links
        if link.columns[0][0].endswith("_id")
    }
    made = MappingProxyType({column.name: column for column in columns})
    return Resource(name, Table(name), made, key, MappingProxyType(to_one), references=links, **more)  # type: ignore[arg-type]


NODE = _table(
    "node",
    (
        _needed("id", BIGINT),
        Column("code", TEXT),
        Column("up", BIGINT),
        Column("root", BIGINT),
    ),
    links=(_link("up", "node", "SET NULL"), _link("root", "node", "CASCADE")),
    uniques=(("code",),),
)
TEAM = _table(
    "team",
    (
        _needed("id", INTEGER, default=INCREMENT),
        _needed("name", CITEXT),
        Column("size", INTEGER, default=Default("literal", 5), rules={"min": 0, "max": 150}),
        Column("note", TEXT),
        Column("secret", TEXT),
        Column("made", DATETIME, auto="created_at"),
        Column("changed", DATETIME, auto="updated_at"),
        Column("made_by", TEXT, auto="created_by"),
        Column("gone", DATETIME),
    ),
    uniques=(("name",),),
    soft_delete=SoftDelete("gone"),
)
PERSON = _table(
    "person",
    (
        _needed("id", UUID, default=MADE_UUID),
        _needed("name", TEXT),
        Column("kind", KINDS),
        Column("team_id", INTEGER),
        Column("node_id", BIGINT),
        Column("email", CITEXT),
        Column("nick", TEXT),
        Column("state", STRING),
    ),
    links=(_link("team_id", "team", "CASCADE"), _link("node_id", "node", "CASCADE")),
    uniques=(("email",), ("team_id", "nick")),
    soft_delete=SoftDelete("state", "live", "gone"),
)
LOAN = _table(
    "loan",
    (
        _needed("id", INTEGER, default=INCREMENT),
        _needed("person_id", UUID),
        Column("node_id", BIGINT),
        Column("amount", Type("decimal", precision=12, scale=2)),
        Column("real", NUMBER),
        Column("big", BIGINT),
        Column("flag", BOOLEAN),
        Column("level", LEVELS),
        Column("day", DATE),
        Column("clock", TIME),
        Column("moment", DATETIME),
        Column("doc", JSON),
        Column("tags", array_of(TEXT)),
        Column("counts", array_of(INTEGER)),
        Column("span", range_of(INTEGER)),
        Column("blob", BYTES),
    ),
    links=(_link("person_id", "person", "RESTRICT"), _link("node_id", "node", "SET NULL")),
)
BADGE = _table(
    "badge",
    (
        _needed("team_id", INTEGER),
        _needed("number", BIGINT),
        _needed("label", STRING, rules={"max_length": 12}),
        Column("holder_id", UUID),
        Column("loan_id", INTEGER),
    ),
    key=("team_id", "number"),
    links=(
        _link("team_id", "team", "CASCADE"),
        _link("holder_id", "person", "SET NULL"),
        _link("loan_id", "loan", "CASCADE", enforced=False),
    ),
)
LOG = _table(
    "log",
    (
        _needed("line", TEXT),
        Column("level", INTEGER),
        Column("team_id", INTEGER),
        Column("loan_id", INTEGER),
        Column("made", DATETIME, auto="created_at"),
    ),
    key=(),
    links=(_link("team_id", "team", "SET NULL"), _link("loan_id", "loan", "SET NULL", enforced=False)),
)
BILL = _table(
    "bill",
    (
        _needed("id", INTEGER, default=INCREMENT),
        _needed("tenant", TEXT),
        _needed("title", TEXT),
        Column("owner", TEXT, default=Default("caller")),
        Column("loan_id", INTEGER),
    ),
    links=(_link("loan_id", "loan", "RESTRICT", enforced=False),),
    uniques=(("tenant", "title"),),
    tenant="tenant",
)

TABLES = Catalog(MappingProxyType({one.name: one for one in (NODE, TEAM, PERSON, LOAN, BADGE, LOG, BILL)}))


def _rule(role: str, resource: str, actions: str, fields: str | None = None, **more: object) -> RuleDefinition:
    named = None if fields is None else tuple(fields.split())
    return RuleDefinition(role, resource, tuple(actions.split()), named, **more)  # type: ignore[arg-type]


STAFF = {"kind": "staff"}
RULES = (
    _rule("editor", "team", "read", "id name size note made"),
    _rule("editor", "team", "create", "name size note", defaults={"note": "by an editor"}),
    _rule("editor", "team", "update", "name size note", where={"size": {"lt": 50}}),
    _rule("editor", "team", "delete", where={"made_by": "$CURRENT_USER"}),
    _rule("editor", "person", "read update delete", where=STAFF),
    _rule("editor", "person", "create", where=STAFF, defaults={"kind": "staff", "nick": "$CURRENT_USER"}),
    _rule("editor", "badge", "read create update delete"),
    _rule("editor", "loan", "read create update", where={"person.kind": "staff"}),
    _rule("editor", "node", "read create update"),
    _rule("editor", "log", "read create"),
    _rule("member", "bill", "read create update delete"),
    _rule("member", "team", "read", "id name"),
    _rule("member", "badge", "create"),
    _rule("member", "node", "create update delete"),
    _rule("member", "person", "create", "id name team_id state"),
)
ACTORS = {
    "admin": Actor("a1", frozenset({"admin"})),
    "editor": Actor("e1", frozenset({"editor"})),
    "member": Actor("m1", frozenset({"member"}), "t1"),
}
