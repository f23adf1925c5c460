"""A plain-Python interpreter of the steps of plans: what an entity must give, straight from docs/plans.md.

In: steps as a configuration has them, tables as lists of dicts with canonical values. Out: `Table`, its rows in order.
It shares no code with `crud.plans`, the builder or the backends.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any

from sql.catalog import Catalog
from sql.types import BIGINT, NUMBER, TEXT, Type
from sql.values import coerce
from tests.property.meaning import aggregate, cast, comparable, fold, holds
from tests.property.parts import in_order

Row = dict[str, Any]
Steps = Sequence[Mapping[str, Any]]
KEY = b"the key of the hashes of these tests"
_NUMBERS = ("integer", "bigint", "epoch_ms")
_COMPARISON = re.compile(r'"(?P<name>[^"]+)" (?P<op>=|<>|<|<=|>|>=) (?P<value>.*)', re.DOTALL)
_OPS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


@dataclass
class Table:
    """The table at hand. `order`: names of columns, also of those that went (`#…`), descending or not."""

    types: dict[str, Type]
    rows: list[Row]
    order: list[tuple[str, bool]] = field(default_factory=list)
    hidden: dict[str, Type] = field(default_factory=dict)

    def sorted(self) -> list[Row]:
        """The rows in their order, completed with all columns."""
        types, rows = self.types | self.hidden, list(self.rows)
        for name in reversed([name for name, type in types.items() if type.name == "citext"]):
            rows = in_order(rows, [row[name] for row in rows], descending=False)
        for name, descending in reversed([*self.order, *((name, False) for name in self.types)]):
            rows = in_order(rows, [comparable(types[name], row[name]) for row in rows], descending=descending)
        return rows


@dataclass
class Interpreter:
    """All that steps may speak of: tables, and the other entities of the plan."""

    catalog: Catalog
    tables: Mapping[str, Sequence[Row]]
    plan: Mapping[str, Steps]
    numbers: Any = field(default_factory=count)

    def entity(self, name: str) -> Table:
        """What the steps of an entity give."""
        table = Table({}, [])
        for step in self.plan[name]:
            ((word, given),) = step.items()
            if word == "break":
                break
            table = getattr(self, "do_" + word.replace("-", "_"))(table, given)
        return table

    def source(self, name: str) -> Table:
        """An entity of the plan, or a table."""
        if name in self.plan:
            return self.entity(name)
        columns = self.catalog.resource(name).columns
        return Table({each.name: each.type for each in columns.values()}, [dict(row) for row in self.tables[name]])

    # ------------------------------------------------------------ one table

    def do_select(self, table: Table, given: Mapping[str, Any]) -> Table:
        found = self.source(given["entity"]) if "entity" in given else table
        if "filter" in given:
            found = self.do_filter(found, given["filter"])
        if "filter-expression" in given:
            found = self.do_filter(found, given["filter-expression"])
        if "sort" in given:
            found.order = [(name, word == "desc") for name, word in given["sort"].items()]
        if "fields" in given:
            found = self.do_fields(found, given["fields"])
        return self.do_limit(found, given) if "limit" in given or "offset" in given else found

    def do_filter(self, table: Table, given: Any) -> Table:
        return replace(table, rows=[row for row in table.rows if self._holds(table, row, given)])

    def _holds(self, table: Table, row: Row, given: Any) -> bool:
        if isinstance(given, str):
            found = _COMPARISON.fullmatch(given)
            assert found, given
            type = table.types[found["name"]]
            return holds(_OPS[found["op"]], type, row[found["name"]], [self._literal(type, found["value"])]) is True
        return all(self._equal(table.types[name], row[name], value) for name, value in given.items())

    def _literal(self, type: Type, text: str) -> Any:
        return coerce(type, text[1:-1].replace("''", "'") if text[0] == "'" else text.lower())

    def _equal(self, type: Type, held: Any, value: Any) -> bool:
        if value is None:
            return held is None
        if isinstance(value, list):
            return holds("in", type, held, [[coerce(type, one) for one in value]]) is True
        return holds("eq", type, held, [coerce(type, value)]) is True

    def do_fields(self, table: Table, given: Any) -> Table:
        pairs = given if isinstance(given, dict) else {name: name for name in names_of(given)}
        if "*" in pairs:
            pairs = {name: name for name in table.types}
        kept = {new: table.types[old] for new, old in pairs.items()}
        rows: list[Row] = [{new: row[old] for new, old in pairs.items()} for row in table.rows]
        order, hidden = [], {}
        for name, descending in table.order:
            new = next((new for new, old in pairs.items() if old == name), None)
            if new is None:
                new = f"#{next(self.numbers)}"
                hidden[new] = (table.types | table.hidden)[name]
                for made, row in zip(rows, table.rows, strict=True):
                    made[new] = row[name]
            order.append((new, descending))
        return Table(kept, rows, order, hidden)

    def do_sort(self, table: Table, given: Mapping[str, str]) -> Table:
        asked = [(name, word == "desc") for name, word in given.items()]
        return replace(table, order=[*asked, *(each for each in table.order if each[0] not in given)])

    def do_limit(self, table: Table, given: Any) -> Table:
        said = given if isinstance(given, dict) else {"limit": given}
        first = said.get("offset", 0)
        rows = table.sorted()[first:]
        return replace(table, rows=rows if said.get("limit") is None else rows[: said["limit"]])

    # ------------------------------------------------------------ several tables

    def do_join(self, left: Table, given: Mapping[str, Any]) -> Table:
        right, kind = self.source(given["entity"]), given.get("type", "inner")
        pairs = list(zip(names_of(given.get("left-field", [])), names_of(given.get("right-field", [])), strict=True))
        taken = given["fields"] if "fields" in given else {name: name for name in right.types}
        lower = {name.lower() for name in left.types}
        called = {(new if new.lower() not in lower else f"{given['entity']}_{new}"): old for new, old in taken.items()}
        types = left.types | {new: right.types[old] for new, old in called.items()}
        none_left, none_right = dict.fromkeys(left.types), dict.fromkeys(called)
        rows, met = [], set()
        for row in left.rows:
            here = {name: row[name] for name in left.types}
            found = [n for n, other in enumerate(right.rows) if self._meet(left, right, row, other, pairs)]
            met.update(found)
            rows += [here | {new: right.rows[n][old] for new, old in called.items()} for n in found]
            if not found and kind in ("left", "full-outer"):
                rows.append(here | none_right)
        if kind in ("right", "full-outer"):
            lone = [other for n, other in enumerate(right.rows) if n not in met]
            rows += [none_left | {new: other[old] for new, old in called.items()} for other in lone]
        return Table(types, rows)

    def _meet(self, left: Table, right: Table, row: Row, other: Row, pairs: Sequence[tuple[str, str]]) -> bool:
        return all(self._same(left.types[a], row[a], right.types[b], other[b]) for a, b in pairs)

    def _same(self, one: Type, left: Any, two: Type, right: Any) -> bool:
        if left is None or right is None:
            return False
        if "number" in (one.name, two.name):
            return float(left) == float(right)
        return bool(comparable(one, left) == comparable(two, right))

    def do_union(self, left: Table, given: Mapping[str, Any]) -> Table:
        right = self.source(given["entity"])
        if "fields" in given:
            right = self.do_fields(right, given["fields"])
        types = dict(left.types)
        for name, type in right.types.items():
            types[name] = met(types[name], type) if name in types else type
        rows = [
            {name: as_type(type, side.types.get(name), row.get(name)) for name, type in types.items()}
            for side in (left, right)
            for row in side.rows
        ]
        return Table(types, rows)

    # ------------------------------------------------------------ groups, duplicates, hashes

    def do_aggregate(self, table: Table, given: Mapping[str, Any]) -> Table:
        names = names_of(given.get("group", []))
        groups: dict[tuple[Any, ...], list[Row]] = {} if names else {(): []}
        for row in table.rows:
            groups.setdefault(tuple(comparable(table.types[name], row[name]) for name in names), []).append(row)
        types = {name: TEXT if table.types[name].name == "citext" else table.types[name] for name in names}
        columns = [(word, new, old) for word in FUNCTIONS if word in given for new, old in given[word].items()]
        types |= {new: result(word, table.types.get(old)) for word, new, old in columns}
        rows = []
        for key, members in groups.items():
            made = dict(zip(names, key, strict=True))
            rows.append(made | {new: self._computed(table, members, word, old) for word, new, old in columns})
        return Table(types, rows)

    def _computed(self, table: Table, rows: list[Row], word: str, old: str) -> Any:
        if old == "*":
            return len(rows)
        return aggregate(word, table.types[old], [row[old] for row in rows])

    def do_remove_duplicates(self, table: Table, given: Mapping[str, Any] | None) -> Table:
        given = given or {}
        names = names_of(given.get("keys", list(table.types)))
        rows = table.sorted()
        match given.get("strategy", "first"):
            case "last":
                rows.reverse()
            case "highest" | "lowest" as word:
                by = given["condition"]
                keys = [comparable(table.types[by], row[by]) for row in rows]
                rows = in_order(rows, keys, descending=word == "highest")
                rows.sort(key=lambda row: row[by] is None)
        seen: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            seen.setdefault(tuple(self._key(table, row, name, given.get("method")) for name in names), row)
        return replace(table, rows=list(seen.values()))

    def _key(self, table: Table, row: Row, name: str, method: str | None) -> Any:
        value, type = row[name], table.types[name]
        if value is not None and method == "ignorecase" and type.family == "text":
            return fold(value)
        return comparable(type, value)

    def do_anonymize(self, table: Table, given: Any) -> Table:
        names = list(table.types) if given == "*" else names_of(given)
        rows = [row | {name: hashed(table.types[name], row[name]) for name in names} for row in table.rows]
        order = [each for each in table.order if each[0] not in names]
        return Table(table.types | dict.fromkeys(names, TEXT), rows, order, table.hidden)


FUNCTIONS = ("sum", "count", "avg", "min", "max")


def names_of(given: Any) -> list[str]:
    """Names, as a list or with commas."""
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)


def hashed(type: Type, value: Any) -> str | None:
    """The keyed hash of the text of a value."""
    return None if value is None else hmac.new(KEY, cast(type, value, "text").encode(), "sha256").hexdigest()


def result(word: str, type: Type | None) -> Type:
    """Of which type an aggregate is."""
    if word == "count" or type is None:
        return BIGINT
    if word in ("min", "max"):
        return TEXT if type.family in ("text", "uuid") else type
    if type.name == "number":
        return NUMBER
    scale = type.scale if type.name == "decimal" else 0
    return Type("decimal", scale=scale if word == "sum" or scale is None else scale + 6)


def met(left: Type, right: Type) -> Type:
    """The type of a column of two tables."""
    if left == right or left.family not in ("number", "text"):
        return left
    if left.family == "text":
        return TEXT
    if "number" in (left.name, right.name):
        return NUMBER
    if left.name in _NUMBERS and right.name in _NUMBERS:
        return BIGINT
    scales = [each.scale if each.name == "decimal" else 0 for each in (left, right)]
    return Type("decimal", scale=None if None in scales else max(scale or 0 for scale in scales))


def as_type(type: Type, held: Type | None, value: Any) -> Any:
    """A value as that of another type of its family."""
    if value is None or held is None or held == type:
        return value
    make: Callable[[Any], Any] = {"number": float, "decimal": Decimal}.get(type.name, lambda one: one)
    return make(value)
