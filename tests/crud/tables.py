"""Hand-made tables, as introspection would find them."""

from collections.abc import Mapping

from crud.definitions.config import Config
from crud.loader import Loaded, build
from crud.system import definitions
from sql.catalog import Column, Table
from sql.introspection import ForeignKey, TableInfo
from sql.types import DATETIME, INTEGER, STRING


def table(
    name: str,
    *columns: str,
    keys: Mapping[str, str] | None = None,
    key: tuple[str, ...] = ("id",),
    schema: str | None = None,
    view: bool = False,
    uniques: tuple[tuple[str, ...], ...] = (),
) -> TableInfo:
    """A table of texts and integers; `keys`: column → the table that it refers to, by its `id` or `T.column`."""
    foreign = []
    for column, target in (keys or {}).items():
        where, _, there = target.partition(".")
        foreign.append(ForeignKey((column,), Table(where, schema), (there or "id",)))
    made = tuple(Column(n, INTEGER if n.lower().endswith("id") else STRING) for n in columns)
    return TableInfo(Table(name, schema), "view" if view else "table", made, key, tuple(foreign), uniques)


def own_tables(config: Config) -> list[TableInfo]:
    """Our own tables."""
    found = []
    for definition in definitions(config):
        foreign = [f for f in definition.fields if f.references]
        found.append(
            TableInfo(
                Table(definition.table),
                "table",
                tuple(Column(f.name, f.type or STRING, nullable=not f.required) for f in definition.fields),
                ("id",),
                tuple(ForeignKey((f.name,), Table(f.references or ""), ("id",)) for f in foreign),
            )
        )
    role = Column("role", STRING)
    return [*found, TableInfo(Table("_dragoman_accounts"), "view", (*found[2].columns, role))]


def loaded(config: Config, *tables: TableInfo) -> Loaded:
    """What the loader makes of these tables beside our own."""
    return build(config, {"default": {info.table: info for info in [*tables, *own_tables(config)]}})


def blog() -> list[TableInfo]:
    """Authors, posts and tags with a junction, a self-reference and two ways from one child."""
    people = table("people", "id", "first_name", "created_at", "boss_id", keys={"boss_id": "people"})
    posts = table("posts", "id", "title", "author_id", "editor_id", keys={"author_id": "people", "editor_id": "people"})
    tags = table("tags", "id", "name")
    links = table(
        "post_tags", "post_id", "tag_id", key=("post_id", "tag_id"), keys={"post_id": "posts", "tag_id": "tags"}
    )
    timed = TableInfo(Table("events"), "table", (Column("id", INTEGER), Column("created_at", DATETIME)), ("id",))
    return [people, posts, tags, links, timed]
