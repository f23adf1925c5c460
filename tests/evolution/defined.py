"""Definitions over a database, brought up as a start does it, and the tables as they stand afterwards."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crud import creation
from crud.definitions.config import Config
from crud.definitions.document import parse_document
from crud.definitions.reading import config_of
from crud.evolution.planning import plan
from crud.evolution.steps import Plan
from crud.identity.accounts import sql_for
from crud.loader import Loaded, load
from sql.catalog import Column
from sql.database import Database
from sql.introspection import TableInfo

Fields = Mapping[str, Mapping[str, Any]]
KEY = {"id": {"type": "integer", "key": True, "default": "increment"}}


def entity(fields: Fields, **more: Any) -> dict[str, Any]:
    """An entity with a counted key besides."""
    return {"fields": {**KEY, **fields}, **more}


def configured(entities: Mapping[str, Any], base: Path = Path(), *, server: Any = None, **top: Any) -> Config:
    """The configuration of entities."""
    return whole({"server": server or {}, "schemas": {"main": {"entities": dict(entities)}}, **top}, base)


def whole(data: Mapping[str, Any], base: Path = Path()) -> Config:
    """A configuration."""
    config, problems = config_of(parse_document(json.dumps(data, ensure_ascii=False), {}), base)
    assert config and not problems, problems
    return config


def started(database: Database, config: Config) -> Loaded:
    """What a start does."""
    creation.install(database, config)
    return load(config, {"default": database})


def begun(database: Database, entities: Mapping[str, Any], **server: Any) -> Loaded:
    """A start with these entities."""
    return started(database, configured(entities, server=server))


def planned(database: Database, entities: Mapping[str, Any], **how: Any) -> Plan:
    """The plan for these entities."""
    return plan(configured(entities), {"default": database}, **how)


def words(found: Plan) -> list[str]:
    """What a plan would change."""
    return [difference.words for step in found.steps for difference in step.differences]


def table(database: Database, name: str) -> TableInfo:
    """A table as it stands."""
    return next(info for info in database.tables() if info.table.name == name)


def run(database: Database, *statements: str) -> None:
    """Statements that somebody else runs."""
    with database.transaction() as session:
        for statement in statements:
            session.execute(statement)


def rows(database: Database, text: str, *params: object) -> list[tuple[object, ...]]:
    """Rows, with `?` for parameters on both backends."""
    return database.fetch(sql_for(database, text), params)


def shape(database: Database) -> dict[str, TableInfo]:
    """All tables, columns and indexes in the order of their names: equal for tables that are laid out alike, whatever
    rows are in them."""
    return {info.table.name: _ordered(info) for info in database.tables() if info.kind == "table"}


def _ordered(info: TableInfo) -> TableInfo:
    return replace(
        info,
        columns=tuple(sorted((replace(column, storage=None) for column in info.columns), key=_name)),
        uniques=tuple(sorted(info.uniques)),
        indexes=tuple(sorted(info.indexes, key=lambda index: index.name)),
        foreign_keys=tuple(sorted(info.foreign_keys, key=lambda key: (key.columns, key.target.name))),
    )


def _name(column: Column) -> str:
    return column.name
