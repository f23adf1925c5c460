"""Running one query three ways, and telling where the answers differ.

In: the databases (each with its catalog), a query and its values.
Out: the evaluator's rows; an AssertionError that shows the first difference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from sql.builder import compile_query
from sql.catalog import Catalog
from sql.compiled import Compiled
from sql.database import Database
from sql.execute import Bindings, execute
from sql.query import Authorized, Query
from tests.property.data import WORLD
from tests.property.evaluator import Rows
from tests.property.parts import Document

MAX_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class Opened:
    """A database with the rows, and the catalog as it is told there: the native types, how times are kept."""

    database: Database
    catalog: Catalog


def agreed(opened: Mapping[str, Opened], query: Query, values: tuple[object, ...]) -> Rows:
    """The rows on which SQLite, PostgreSQL and the evaluator agree."""
    rows, total = replace(WORLD, values=values).answer(query)
    for name, one in opened.items():
        made = compiled(query, one)
        found = execute(made, one.database, Bindings(values, WORLD.actor, WORLD.now))
        place = difference(rows, found.rows)
        if place is None and query.total and found.total != total:
            place = f"total: {total} expected, {found.total} found"
        assert place is None, f"{name}: {place}\n{query}\n{values}\n{made.statement.text}"
    return rows


@lru_cache(maxsize=2000)
def compiled(query: Query, one: Opened) -> Compiled:
    """A shape's statements, made once."""
    return compile_query(Authorized(query), one.catalog, one.database.backend, max_rows=MAX_ROWS)


def difference(expected: Any, found: Any, place: str = "") -> str | None:
    """Where the two are not the same, in words; None where they are."""
    match expected:
        case Document(data=data):
            return None if _documents(data, _parsed(found)) else f"{place}: {data!r} expected, {_parsed(found)!r} found"
        case list() if isinstance(_parsed(found), list):
            return _lists(expected, _parsed(found), place)
        case dict() if isinstance(found, dict):
            if list(expected) != list(found):
                return f"{place}: keys {list(expected)} expected, {list(found)} found"
            places = (difference(expected[name], found[name], f"{place}.{name}") for name in expected)
            return next((one for one in places if one), None)
    return None if _scalars(expected, found) else f"{place}: {expected!r} expected, {found!r} found"


def _lists(expected: list[Any], found: list[Any], place: str) -> str | None:
    if len(expected) != len(found):
        return f"{place}: {len(expected)} items expected, {len(found)} found:\n{expected}\n{found}"
    places = (difference(one, found[index], f"{place}[{index}]") for index, one in enumerate(expected))
    return next((one for one in places if one), None)


def _parsed(found: Any) -> Any:
    return json.loads(orjson.dumps(found)) if isinstance(found, orjson.Fragment) else found


def _documents(left: Any, right: Any) -> bool:
    """Equality of JSON, where the order of members means nothing."""
    match left, right:
        case list(), list():
            return len(left) == len(right) and all(map(_documents, left, right))
        case dict(), dict():
            return left.keys() == right.keys() and all(_documents(left[name], right[name]) for name in left)
    return _scalars(left, right)


def _scalars(left: Any, right: Any) -> bool:
    """Numbers by their value; floats that were added up may differ in the last digits."""
    if isinstance(left, bool) or not isinstance(left, int | float | Decimal):
        return type(left) is type(right) and left == right
    if isinstance(right, bool) or not isinstance(right, int | float | Decimal):
        return False
    if isinstance(left, float) or isinstance(right, float):
        return bool(abs(float(left) - float(right)) <= 1e-9 * max(1.0, abs(float(left))))
    return bool(left == right)
