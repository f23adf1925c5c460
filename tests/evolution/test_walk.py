"""A random walk of definitions: whatever came before, tables are laid out as those that are made today, and keep their
rows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crud import creation
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.evolution.applying import bring_up
from crud.evolution.planning import plan
from crud.loader import look
from crud.samples import insert_rows
from sql.catalog import Catalog
from sql.database import Database
from sql.errors import DatabaseError
from tests.evolution.defined import configured, shape
from tests.evolution.walking import Changed, Entities, changed, settled, value

Rows = dict[str, dict[str, list[bytes]]]
USUAL = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def held(database: Database) -> Rows:
    """The values of every column of every table, in the order of the key."""
    found: Rows = {}
    for info in database.tables():
        names = [column.name for column in info.columns]
        listed = ", ".join(database.backend.ident(name) for name in names)
        order = database.backend.ident("id")
        rows = database.fetch(f"SELECT {listed} FROM {database.backend.ident(info.table.name)} ORDER BY {order}")
        found[info.table.name] = {
            name: [orjson.dumps(row[n], default=str) for row in rows] for n, name in enumerate(names)
        }
    return found


def emptied(database: Database) -> None:
    """A database without tables of definitions, and without a memory of them."""
    with database.evolving() as session:
        for info in database.tables():
            cascade = " CASCADE" if database.backend.name == "postgres" else ""
            session.execute(f"DROP TABLE {database.backend.ident(info.table.name)}{cascade}")
        session.execute("DELETE FROM _dragoman_layouts")


def filled(database: Database, catalog: Catalog, entities: Entities, number: int) -> None:
    """A row more in every table, where it can have one."""
    for name, entity in entities.items():
        resource = catalog.resource(name)
        row = {n: value(said, number) for n, said in entity["fields"].items() if "type" in said and n != "id"}
        columns = dict(resource.columns)
        try:
            with database.transaction() as session:
                insert_rows(session, database.backend, resource.table, columns=columns, rows=[row], file=Path("x"))
        except (DatabaseError, ConfigError):
            continue  # a unique, or a required reference to nothing


def kept(before: Rows, after: Rows, entities: Entities, change: Changed) -> None:
    """What was there is there, under the names that it has now."""
    for name, fields in change.columns.items():
        was = change.tables[name]
        if was not in before:
            continue
        for column, former in fields.items():
            assert len(next(iter(after[name].values()))) == len(next(iter(before[was].values())))
            if former in before[was] and same(entities[was], former, change.entities[name], column):
                assert after[name][column] == before[was][former], (name, column)


def same(old: Mapping[str, Any], before: str, new: Mapping[str, Any], now: str) -> bool:
    """Whether a column has the type that it had."""
    one, other = old["fields"][before], new["fields"][now]
    return one.get("type") == other.get("type") and "type" in one and old["fields"]["id"] == new["fields"]["id"]


def step(database: Database, afresh: Database, entities: Entities, change: Changed, number: int) -> Entities:
    """One change: done, or refused with nothing changed."""
    config = configured(change.entities)
    databases, before = {"default": database}, held(database)
    shaped = shape(database)
    try:
        bring_up(config, databases, losing=True, drop=True)
    except ConfigError:
        assert (shape(database), held(database)) == (shaped, before)
        return entities
    found = plan(config, databases, drop=True)
    assert (found.steps, found.drifted) == ((), ())
    kept(before, held(database), entities, change)
    compared(database, afresh, config)
    left = settled(change.entities)
    filled(database, look(configured(left), databases).catalog, left, number)
    return left


def compared(database: Database, afresh: Database, config: Config) -> None:
    """The tables, and the catalog over them, are as those that are made today."""
    emptied(afresh)
    bring_up(config, {"default": afresh})
    assert shape(database) == shape(afresh)
    mine, theirs = (look(config, {"default": each}).catalog for each in (database, afresh))
    for resource in mine:
        other = theirs.resource(resource.name)
        columns = {name: replace(column, storage=None) for name, column in resource.columns.items()}
        assert columns == {name: replace(column, storage=None) for name, column in other.columns.items()}
        assert (resource.key, set(resource.uniques), resource.relations) == (
            other.key,
            set(other.uniques),
            other.relations,
        )
        assert set(resource.references) == set(other.references)


def walk(database: Database, afresh: Database, pick: Callable[[Any], Any], length: int) -> None:
    emptied(database)
    entities: Entities = {}
    for number in range(length):
        entities = step(database, afresh, entities, changed(pick, entities), number)


def installed(database: Database) -> None:
    creation.install(database, configured({}))


@pytest.mark.parametrize("length", [8])
def test_a_walk_of_definitions(database: Database, empty: Database, length: int) -> None:
    installed(database)
    installed(empty)

    @settings(max_examples=2, derandomize=True, **USUAL)
    @given(st.data())
    def walked(data: st.DataObject) -> None:
        walk(database, empty, lambda options: data.draw(st.sampled_from(options)), length)

    walked()


@pytest.mark.long
def test_long_walks_of_definitions(database: Database, empty: Database) -> None:
    installed(database)
    installed(empty)

    @settings(max_examples=40, phases=(Phase.explicit, Phase.generate), **USUAL)
    @given(st.data())
    def walked(data: st.DataObject) -> None:
        walk(database, empty, lambda options: data.draw(st.sampled_from(options)), 20)

    walked()
