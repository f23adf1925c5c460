"""A computed column on SQLite, on PostgreSQL and in plain Python: the same value in every row."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sql import formulas
from sql.catalog import Column
from sql.database import Database
from sql.errors import BadFormula
from sql.formulas.parsing import parse
from sql.opening import open_database
from tests.postgres import new_postgres
from tests.property.formulas import COLUMNS, LONG, Row, evaluate, extreme_rows, rows
from tests.property.formulas import formulas as any_formula

Both = Mapping[str, Database]
NUMBERS = count()


@pytest.fixture(scope="module")
def databases(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    path: Path = tmp_path_factory.mktemp("formulas") / "formulas.db"
    urls = {"sqlite": f"sqlite:///{path}", "postgres": new_postgres(postgres_server)}
    made = {name: open_database(url) for name, url in urls.items()}
    yield made
    for database in made.values():
        database.close()


def computed(database: Database, columns: Sequence[Column], listed: Sequence[Row]) -> list[tuple[Any, ...]]:
    """What the database computes for the rows."""
    backend = database.backend
    declared = import_module(f"sql.{backend.name}.types").declared
    stored = "STORED" if backend.name == "postgres" else "VIRTUAL"
    known = {**COLUMNS, **{column.name: column for column in columns}}
    parts = [f"{backend.ident(name)} {declared(column.type)}" for name, column in COLUMNS.items()]
    parts += [
        f"{backend.ident(c.name)} {declared(c.type)} GENERATED ALWAYS AS ({formulas.body(c, known, backend)}) {stored}"
        for c in columns
    ]
    table = f"t{next(NUMBERS)}"  # a plan that a driver remembers is never that of another table
    mark = "%s" if backend.name == "postgres" else "?"
    marks = ", ".join([mark] * (len(COLUMNS) + 1))
    names = ", ".join(map(backend.ident, ("n", *COLUMNS)))
    with database.transaction() as session:
        session.execute(f"CREATE TABLE {table} (n integer, {', '.join(parts)})")
        for number, row in enumerate(listed):
            held = (number, *(stored_value(backend.name, row[name]) for name in COLUMNS))
            session.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", held)
        wanted = ", ".join(backend.ident(column.name) for column in columns)
        found = session.fetch(f"SELECT {wanted} FROM {table} ORDER BY n")
        session.execute(f"DROP TABLE {table}")
        return found


def stored_value(backend: str, value: Any) -> Any:
    if backend == "sqlite" and isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value


def plain(column: Column, value: Any) -> Any:
    """A stored value as Python computes with it."""
    if value is None:
        return None
    match column.type.name:
        case "boolean":
            return bool(value)
        case "decimal":
            return Decimal(str(value)).normalize()
        case "number":
            return repr(float(value))
    return value


def meant(column: Column, row: Row) -> Any:
    """The value of the column by the language's own words."""
    made = evaluate(parse(column.formula), row)
    type = column.type
    if made.kind == "exact" and made.value is not None:
        limit = 10 ** (type.precision or 15) if type.name == "decimal" else 2**31 if type.name == "integer" else 2**63
        held = made.value * 10 ** ((type.scale or 0) - made.scale) if type.name == "decimal" else made.value
        if type.name == "number":
            return None if made.scale and abs(made.value) >= LONG else made.value
        if not -limit <= held < limit or (type.name == "decimal" and held == -limit):
            return None
        return Decimal(held).scaleb(-(type.scale or 0)) if type.name == "decimal" else held
    return made.value + 0.0 if made.kind == "real" and made.value is not None else made.value


def column_of(name: str, text: str) -> Column | None:
    """The formula as a column of the type that follows from it; None where the language refuses it."""
    try:
        made = Column(name, formulas.derived(text, COLUMNS), generated=True, formula=text)
        formulas.check(made, COLUMNS)
    except BadFormula:
        return None
    return made


def agreed(databases: Both, columns: Sequence[Column], listed: Sequence[Row], *, alone: bool = False) -> None:
    """`alone`: the databases are compared with each other only."""
    found = {name: computed(database, columns, listed) for name, database in databases.items()}
    for index, column in enumerate(columns):
        for number, row in enumerate(listed):
            values = {name: plain(column, rows[number][index]) for name, rows in found.items()}
            values |= {} if alone else {"python": plain(column, meant(column, row))}
            assert len(set(values.values())) == 1, (column.formula, column.type, row, values)


def explore(databases: Both, examples: int, *, extreme: bool = False) -> list[int]:
    done = [0, 0]

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        st.lists(any_formula, min_size=8, max_size=8),
        st.lists(extreme_rows if extreme else rows, min_size=4, max_size=4),
    )
    def run(texts: list[str], listed: list[Row]) -> None:
        columns = [made for n, text in enumerate(texts) if (made := column_of(f"f{n}", text))]
        done[0] += len(texts)
        done[1] += len(columns)
        if columns:
            agreed(databases, columns, listed, alone=extreme)

    run()
    return done


def test_random_formulas_mean_the_same_everywhere(databases: Both) -> None:
    tried, taken = explore(databases, 40)
    assert taken > tried * 0.6


def test_what_once_differed_agrees(databases: Both) -> None:
    row = {**dict.fromkeys(COLUMNS), "name": ""}
    column = column_of("made", "REPLACE(name, name, nick)")
    assert column is not None
    agreed(databases, [column], [row, {**row, "nick": "x"}])


def test_random_formulas_of_extreme_numbers_are_the_same_on_both_databases(databases: Both) -> None:
    tried, taken = explore(databases, 25, extreme=True)
    assert taken > tried * 0.6


@pytest.mark.long
def test_thousands_of_random_formulas_mean_the_same_everywhere(databases: Both, record_property: Any) -> None:
    tried, taken = explore(databases, 2000)
    extreme = explore(databases, 1000, extreme=True)
    told = f"{taken} random formulas of {tried} taken, {extreme[1]} of {extreme[0]} over extreme numbers"
    record_property("figures", f"{told}: no difference in 4 rows each")
    assert taken > tried * 0.6
