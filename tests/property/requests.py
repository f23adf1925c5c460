"""Random requests for the tables of writes: mostly sensible, often enough wrong.

In: a source of chance and the tables as they stand. Out: an actor's name and commands, with `Sent` and `Made` values.
"""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sql.catalog import Column, Resource
from sql.commands import Command, Delete, Ensure, Insert, Ref, Restore, Update, UpdateFirst, Upsert
from sql.expressions import TRUE, And, Compare, Filter, Hop, Not, Or, Origin, Path, Slot
from sql.query import Query, Select
from sql.ranges import Range
from sql.types import Type
from tests.property.allowed import ACTIONS, allowed
from tests.property.model import World
from tests.property.rows import Row, Sent
from tests.property.tables import KINDS, LEVELS, TABLES

WRITTEN = Origin("a name", "filter")
COMMANDS = (Insert, Insert, Insert, Update, Update, Delete, Delete, Restore, Ensure, UpdateFirst, Upsert)


def _same(*values: object) -> tuple[Sent, ...]:
    return tuple(Sent(value, value) for value in values)


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


GOOD: Mapping[str, tuple[Sent, ...]] = {
    "integer": _same(0, 1, 5, 49, 50, 150),
    "bigint": _same(0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1, 7),
    "number": (*_same(1.5, 1e308, -2.0, 5e-324, 0.1), Sent(Decimal("2.50"), 2.5), Sent(3, 3.0)),
    "decimal": (
        *_same(Decimal("1.50"), Decimal("0"), Decimal("-9999999999.99"), Decimal("0.1")),
        *(Sent(3, Decimal(3)), Sent("12.30", Decimal("12.3")), Sent(0.25, Decimal("0.25"))),
    ),
    "boolean": _same(True, False),
    "text": _same("", "a", "A", "É", "é", "\U0001f600", "it's", "%s", "line\nbreak", "x" * 300, '{"a": 1}', "null"),
    "string": _same("", "a", "A", "%", "\u0130", "é", "'; --", "12"),
    "citext": _same("alpha", "beta", "Gamma", "é", "ß", "", "x y"),
    "enum": (),
    "uuid": (
        *_same(*(_uuid(n) for n in range(6))),
        Sent("0000000000004000800000000000000A", _uuid(10)),
        Sent("00000000-0000-4000-8000-00000000000B", _uuid(11)),
    ),
    "date": tuple(Sent(text, date.fromisoformat(text)) for text in ("2024-02-29", "0001-01-01", "9999-12-31")),
    "time": (Sent("10:00", time(10)), Sent("23:59:59.999999", time(23, 59, 59, 999999)), Sent("00:00:00", time())),
    "datetime": (
        Sent("2001-01-01T00:00:00Z", datetime(2001, 1, 1, tzinfo=UTC)),
        Sent("2001-01-01 02:30:00.25+02:00", datetime(2001, 1, 1, 0, 30, 0, 250000, UTC)),
        Sent("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        Sent("1969-12-31T23:59:59.999999", datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
    ),
    "json": (
        *_same({"a": [1, 2.5, None]}, [], "x", 0, False, {"é": {}}, {"b": "\U0001f600", "a": 2**63 - 1}, [[]], ""),
        Sent({"n": Decimal("1.5")}, {"n": 1.5}),
    ),
    "bytes": (Sent("AAEC", b"\x00\x01\x02"), Sent("", b""), Sent("/w==", b"\xff")),
    "array text": (Sent([], ()), Sent(["a", None, "É"], ("a", None, "É")), Sent(["{}", ",", '"'], ("{}", ",", '"'))),
    "array integer": (Sent([1, 2**31 - 1], (1, 2**31 - 1)), Sent([None], (None,)), Sent([], ())),
    "range integer": (
        Sent({"lower": 1, "upper": 5}, Range(1, 5)),
        Sent("[1,5]", Range(1, 6)),
        Sent("empty", Range(bounds="empty")),
        Sent({"lower": 3}, Range(3, None)),
    ),
}
WRONG: Mapping[str, tuple[object, ...]] = {
    "integer": ("5", Decimal("1.0"), 2.5, True, 2**63),
    "bigint": (2**63, 1.5, "7", True, [], Decimal("1E+400")),
    "number": ("1.5", True, [1], {}),
    "decimal": (Decimal("0.001"), 10**10, "x", True, Decimal("NaN")),
    "boolean": (1, "true", 0.0),
    "text": (5, "\x00", "\ud800", ["a"], True),
    "string": (5, "\x00", {}, "a\x00b"),
    "citext": (5, False, "\x00"),
    "enum": ("high", "STAFF", 1, ""),
    "uuid": ("nope", 1, ""),
    "date": ("2023-02-29", 5, "2024-01-01T00:00:00Z"),
    "time": ("25:00", "", 5),
    "datetime": ("yesterday", 5, "2024-13-01"),
    "json": ({"a": "\x00"}, 2**63, {"a": [float("inf")]}),
    "bytes": ("*", 5, "A"),
    "array text": ("a", [1], {}),
    "array integer": (["x"], 5, [1.5]),
    "range integer": ({"lower": 5, "upper": 1}, "x", {"from": 1}, 5),
}


def pool(type: Type) -> str:
    """The name of the values of a type."""
    return f"{type.name} {type.item.name}" if type.item else type.name


class Maker:
    """Makes one request after the other, looking at the tables as they are then."""

    def __init__(self, source: random.Random, world: World) -> None:
        self.source, self.world, self.actor = source, world, "admin"
        self.commands: list[Command] = []

    def chance(self, share: float) -> bool:
        """True so often; not, where a shrunk source knows nothing but 0."""
        return self.source.random() >= 1 - share

    def request(self) -> tuple[str, list[Command]]:
        """A caller and some commands."""
        self.actor, self.commands = self.source.choice(("admin", "admin", "editor", "editor", "member")), []
        for _ in range(self.source.choice((1, 1, 1, 2, 2, 3, 4))):
            kind = self.source.choice(COMMANDS)
            self.commands.append(self.command(kind, self.source.choice(self.resources(kind))))
        return self.actor, self.commands

    def resources(self, kind: type[Command]) -> list[Resource]:
        """Mostly those in which the caller may do it."""
        mine = [one for one in TABLES if all(allowed(self.actor, one.name, action) for action in ACTIONS[kind])]
        if kind is Restore:
            mine = [one for one in mine if one.soft_delete is not None]
        return mine if mine and self.chance(0.96) else list(TABLES)

    def command(self, kind: type[Command], resource: Resource) -> Command:
        """One command."""
        name, shown = resource.name, self.shown(resource)
        keyed = bool(resource.key) and self.chance(0.6)
        match kind:
            case _ if kind is Insert:
                rows = tuple(self.row(resource) for _ in range(self.source.choice((1, 1, 1, 2, 3, 5))))
                return Insert(name, rows, shown)
            case _ if kind is Ensure:
                where, values = self.where(resource)
                return Ensure(name, where, self.row(resource), values, shown)
            case _ if kind is Upsert:
                unique = self.source.choice([*resource.uniques, resource.key] if resource.key else [("line",)])
                return Upsert(name, self.row(resource, unique), unique, shown)
            case _ if kind is Restore:
                where, values = self.by_key(resource, gone=self.chance(0.7))
                return Restore(name, where, values, shown)
        where, values = self.by_key(resource) if keyed and kind is not UpdateFirst else self.where(resource)
        if kind is UpdateFirst:
            return UpdateFirst(name, where, self.changes(resource), values, shown)
        if kind is Update:
            return Update(name, where, self.changes(resource), values, keyed, shown, self.tags())
        return Delete(name, where, values, keyed, shown, self.tags())

    def tags(self) -> tuple[str, ...]:
        """Entity tags that the row must have: mostly none, else one that every row has, or one that no row has."""
        return self.source.choice((*((),) * 15, ("*",), ('"none"',)))

    def shown(self, resource: Resource) -> Query | None:
        """All columns that the caller may read."""
        read = allowed(self.actor, resource.name, "read")
        names = [name for name in resource.columns if read is None or name in read.columns]
        return Query(resource.name, tuple(Select(Path(n), n) for n in names)) if self.chance(0.7) else None

    # ------------------------------------------------------------ rows

    def row(self, resource: Resource, whole: tuple[str, ...] = ()) -> dict[str, object]:
        """A new row; `whole` are columns that it has anyway."""
        allow, row = allowed(self.actor, resource.name, "create"), dict[str, object]()
        for name, column in resource.columns.items():
            free = column.default is None and column.auto is None
            given = self.chance(0.98 if not column.nullable and free else 0.5 if free else 0.1)
            settable = allow is not None and name in allow.columns or self.chance(0.01)
            if settable and (given or name in whole):
                row[name] = self.value(resource, column)
        return row

    def changes(self, resource: Resource) -> dict[str, object]:
        """Changes to some columns."""
        allow = allowed(self.actor, resource.name, "update")
        names = [name for name in resource.columns if allow is not None and name in allow.columns]
        if self.chance(0.7):
            names = [name for name in names if name not in resource.key] or names
        names = list(resource.columns) if not names or self.chance(0.03) else names
        chosen = self.source.sample(names, min(len(names), self.source.choice((0, 1, 1, 1, 2, 3))))
        return {name: self.value(resource, resource.column(name)) for name in chosen}

    def value(self, resource: Resource, column: Column) -> object:
        """A value for a column: of its type, of a row that it may refer to, NULL, or wrong."""
        if self.chance(0.012):
            more = (-1, 151) if column.name == "size" else ()
            return Sent(self.source.choice((*WRONG[pool(column.type)], *more)), wrong=True)
        if self.chance(0.15 if column.nullable else 0.01):
            return None
        if resource.tenant == column.name:
            return self.source.choice(_same("t1", "t2"))
        for link in resource.references:
            if link.columns[0][0] == column.name:
                return self.reference(link.target, link.columns[0][1], column)
        if column.default is not None and column.default.kind == "increment":
            return self.source.choice(_same(-1, -2, -3))
        return self.plain(column)

    def plain(self, column: Column) -> Sent:
        """A good value."""
        if column.name == "state":
            return self.source.choice(_same("live", "live", "other", "gone"))
        if column.type.values:
            return self.source.choice(_same(*column.type.values))
        if column.name == "label":
            return self.source.choice((*_same("", "a", "é" * 12), Sent("a" * 13, wrong=True)))
        if column.name in ("level", "id", "number") and column.type.family == "number":
            return self.source.choice(_same(*range(12)))
        if column.type.name == "citext" and self.chance(0.6):
            return self.source.choice(_same(*(f"Name {n}" for n in range(30))))
        if column.name in ("code", "nick", "title") and self.chance(0.6):
            return self.source.choice(_same(*(f"word {n}" for n in range(20))))
        return self.source.choice(GOOD[pool(column.type)])

    def reference(self, target: str, there: str, column: Column) -> object:
        """A row that there is, one that an earlier command makes, or none."""
        makers = [
            number
            for number, one in enumerate(self.commands)
            if one.resource == target and isinstance(one, Insert | Ensure | Upsert)
        ]
        if makers and self.chance(0.6):
            return Ref(self.source.choice(makers), there)
        rows = self.world.tables[target]
        if rows and self.chance(0.97):
            return self.source.choice(rows)[there]
        return Sent(_uuid(99), _uuid(99)) if column.type.name == "uuid" else Sent(987654, 987654)

    # ------------------------------------------------------------ conditions

    def by_key(self, resource: Resource, *, gone: bool = False) -> tuple[Filter, tuple[object, ...]]:
        """The condition of a key, mostly of a row that there is."""
        rows = self.world.tables[resource.name]
        mark = resource.soft_delete
        if gone and mark is not None:
            rows = [row for row in rows if row[mark.column] not in (None, mark.active)] or rows
        row: Row = {} if not rows or self.chance(0.05) else self.source.choice(rows)
        values = tuple(row.get(name, _missing(resource.column(name))) for name in resource.key)
        terms = tuple(
            Compare(Path(name), "eq", (Slot(index, resource.column(name).type),))
            for index, name in enumerate(resource.key)
        )
        return (terms[0] if len(terms) == 1 else And(terms)), values

    def where(self, resource: Resource) -> tuple[Filter, tuple[object, ...]]:
        """A condition on some columns; now and then none."""
        if self.chance(0.06):
            return TRUE, ()
        values: list[object] = []
        term = self.term(resource, values)
        if self.chance(0.25):
            other = self.term(resource, values)
            term = self.source.choice((And((term, other)), Or((term, other)), And((term, Not(other)))))
        return term, tuple(values)

    def term(self, resource: Resource, values: list[Any]) -> Filter:
        """One comparison."""
        read = allowed(self.actor, resource.name, "read")
        names = [n for n, c in resource.columns.items() if (read and n in read.columns) or n in resource.key]
        names = [n for n in names if resource.column(n).type.name not in ("json", "array", "range", "bytes", "number")]
        names = [n for n in names if n not in ("made", "changed", "gone")] or list(resource.columns)[:1]
        if self.chance(0.02):
            names = ["secret"] if resource.name == "team" else names
        if resource.name in ("loan", "badge") and self.chance(0.2):
            hop, kind = ("person", "kind") if resource.name == "loan" else ("team", "size")
            type = TABLES.resource(hop).column(kind).type
            values.append("staff" if hop == "person" else 5)
            return Compare(Path(kind, (Hop(hop),), WRITTEN), "eq", (Slot(len(values) - 1, type),))
        name = self.source.choice(names)
        column = resource.column(name)
        if self.chance(0.1):
            return Compare(Path(name, (), WRITTEN), self.source.choice(("is_null", "is_not_null")))
        held = [row[name] for row in self.world.tables[resource.name] if row[name] is not None]
        keys = _is_key(resource, name)
        ops = ("eq", "in", "in") if keys or column.type.values else ("eq", "eq", "ne", "in", "lte", "gt", "not_in")
        op = self.source.choice(ops)
        some = [self.source.choice(held) if held and self.chance(0.95) else _missing(column) for _ in range(3)]
        if column.type.name == "citext":
            some = [self.source.choice((str.upper, str.lower))(str(one)) for one in some]
        values.append(tuple(some[: self.source.choice((0, 1, 2, 3, 3))]) if op in ("in", "not_in") else some[0])
        return Compare(Path(name, (), WRITTEN), op, (Slot(len(values) - 1, column.type, op in ("in", "not_in")),))


def _is_key(resource: Resource, name: str) -> bool:
    """Whether the column may hold keys that the databases make."""
    return name in resource.key or any(link.columns[0][0] == name for link in resource.references)


def _missing(column: Column) -> object:
    """A value of the column's type that no row has."""
    words: Mapping[str, object] = {"uuid": _uuid(99), "boolean": True, "date": date(1999, 1, 1), "time": time(1)}
    more: Mapping[str, object] = {"datetime": datetime(1999, 1, 1, tzinfo=UTC), "decimal": Decimal("77.77")}
    if column.type in (KINDS, LEVELS):
        return column.type.values[0]
    return {**words, **more}.get(column.type.name, 987654 if column.type.family == "number" else "nothing")
