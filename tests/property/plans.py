"""Random plans: steps that fit each other, over the tables of `schema`.

In: a source of chance, and the rows. Out: `plan`, a plan as a configuration has it, whose entity `last` may use
others. Each step is chosen among those that fit the table that the interpreter has at hand.
"""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sql.operators import SCALARS
from sql.types import Type
from sql.values import to_json
from tests.property.planning import Interpreter, Table, met

ENTITIES = {"thing": 6, "solid": 4, "owner": 2, "tag": 2, "note": 2, "mark": 1}
MOST_ROWS = 300
Step = dict[str, Any]


def plan(source: random.Random, interpreter: Callable[[dict[str, list[Step]]], Interpreter]) -> dict[str, list[Step]]:
    """A plan of up to three entities, each of up to five steps."""
    made: dict[str, list[Step]] = {}
    for name in [f"e{number}" for number in range(source.choice([0, 0, 1, 2]))] + ["last"]:
        made[name] = [_first(source, list(made))]
        for _ in range(source.randint(1, 5)):
            table = interpreter(made).entity(name)
            step = _step(source, table, interpreter(made), [each for each in made if each != name])
            if step is not None:
                made[name].append(step)
                if len(interpreter(made).entity(name).rows) > MOST_ROWS:
                    made[name].append({"limit": source.randint(5, 40)})
    return made


def _first(source: random.Random, others: list[str]) -> Step:
    if others and source.random() < 0.3:
        return {"select": {"entity": source.choice(others)}}
    entity = source.choices(list(ENTITIES), list(ENTITIES.values()))[0]
    return {"select": {"entity": entity, "fields": _columns(source, entity)}}


def _columns(source: random.Random, entity: str) -> list[str]:
    from tests.property.schema import CATALOG

    names = [each.name for each in CATALOG.resource(entity).columns.values() if each.type.family in SCALARS]
    return sorted(source.sample(names, min(len(names), source.randint(2, 5))), key=names.index)


def _step(source: random.Random, table: Table, interpreter: Interpreter, others: list[str]) -> Step | None:
    word = source.choice(list(_STEPS))
    return _STEPS[word](source, table, interpreter, others)


def _filter(source: random.Random, table: Table, *_: Any) -> Step | None:
    name = source.choice(list(table.types))
    value = source.choice([row[name] for row in table.rows] or [None])
    if value is None or _long(value):
        return {"filter": {name: None}}
    if source.random() < 0.4:
        return {"filter": {name: to_json(value)}}
    if source.random() < 0.3:
        return {"select": {"filter": {name: [to_json(value)]}}}
    op = source.choice(["=", "<>", "<", "<=", ">", ">="])
    return {"filter": f'"{name}" {op} {_literal(value)}'}


def fresh(table: Table, word: str) -> str:
    """A name that no column has."""
    return next(name for number in range(100) if (name := f"{word}{number}") not in table.types)


def _long(value: Any) -> bool:
    """Whether SQLite's numbers have too few digits for it."""
    return isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > 15


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
    return "'" + str(to_json(value)).replace("'", "''") + "'"


def _fields(source: random.Random, table: Table, *_: Any) -> Step | None:
    names = source.sample(list(table.types), source.randint(1, len(table.types)))
    if source.random() < 0.5:
        return {"fields": {fresh(table, f"n{number}_"): name for number, name in enumerate(names)}}
    return {"fields": names}


def _sort(source: random.Random, table: Table, *_: Any) -> Step | None:
    names = source.sample(list(table.types), min(len(table.types), source.randint(1, 2)))
    return {"sort": {name: source.choice(["asc", "desc"]) for name in names}}


def _limit(source: random.Random, table: Table, *_: Any) -> Step | None:
    if source.random() < 0.5:
        return {"limit": source.randint(0, 30)}
    return {"limit": {"limit": source.randint(0, 30), "offset": source.randint(0, 10)}}


def _join(source: random.Random, table: Table, interpreter: Interpreter, others: list[str]) -> Step | None:
    entity = source.choice([*others, *ENTITIES])
    right = interpreter.source(entity)
    taken = [name for name, type in right.types.items() if type.family in SCALARS]
    fields = {fresh(table, "j"): name for name in source.sample(taken, min(1, len(taken)))}
    if source.random() < 0.1 and len(right.rows) * len(table.rows) < 5000:
        return {"join": {"type": "cross", "entity": entity, "fields": fields}}
    pairs = [(a, b) for a in table.types for b in taken if _join_fits(table.types[a], right.types[b])]
    if not pairs:
        return None
    a, b = source.choice(pairs)
    kind = source.choice(["inner", "left", "right", "full-outer"])
    return {"join": {"type": kind, "entity": entity, "left-field": a, "right-field": b, "fields": fields}}


def _join_fits(left: Type, right: Type) -> bool:
    if left.family != right.family or "boolean" in (left.name, right.name):
        return False
    return left == right or left.family in ("number", "text")


def _union(source: random.Random, table: Table, interpreter: Interpreter, others: list[str]) -> Step | None:
    entity = source.choice([*others, *ENTITIES])
    right = interpreter.source(entity)
    fields: dict[str, str] = {}
    for name, type in table.types.items():
        fits = [other for other, held in right.types.items() if held.family in SCALARS and _union_fits(type, held)]
        if fits and source.random() < 0.8:
            fields[name] = source.choice(fits)
    if not fields:
        return None
    if source.random() < 0.3:
        spare = [name for name, held in right.types.items() if held.family in SCALARS]
        fields[fresh(table, "u")] = source.choice(spare)
    return {"union": {"entity": entity, "fields": fields}}


def _union_fits(left: Type, right: Type) -> bool:
    if left.family != right.family:
        return False
    return left == right or (left.family in ("number", "text") and met(left, right) is not None)


def _aggregate(source: random.Random, table: Table, *_: Any) -> Step | None:
    names = list(table.types)
    group = source.sample(names, source.randint(0, min(2, len(names))))
    made: Step = {"group": group} if group else {}
    for number in range(source.randint(1, 3)):
        word, name = source.choice(["sum", "count", "avg", "min", "max"]), source.choice(names)
        type = table.types[name]
        if word in ("sum", "avg") and (type.family != "number" or type.name == "number"):
            word = "count"
        if word in ("min", "max") and type.name == "boolean":
            word, name = "count", "*"
        made.setdefault(word, {})[fresh(table, f"{word}{number}_")] = name
    return {"aggregate": made}


def _unique(source: random.Random, table: Table, *_: Any) -> Step | None:
    names = list(table.types)
    made: Step = {}
    if source.random() < 0.8:
        made["keys"] = source.sample(names, source.randint(1, min(2, len(names))))
    if source.random() < 0.4:
        made["method"] = source.choice(["hash", "exact", "ignorecase"])
    strategy = source.choice(["first", "last", "highest", "lowest"])
    made["strategy"] = strategy
    if strategy in ("highest", "lowest"):
        made["condition"] = source.choice(names)
    return {"remove-duplicates": made}


def _anonymize(source: random.Random, table: Table, *_: Any) -> Step | None:
    if any(type.name == "number" for type in table.types.values()) or source.random() < 0.5:
        names = [name for name, type in table.types.items() if type.name != "number"]
        return {"anonymize": source.sample(names, 1)} if names else None
    return {"anonymize": "*"}


_STEPS: dict[str, Callable[..., Step | None]] = {
    "filter": _filter,
    "fields": _fields,
    "sort": _sort,
    "limit": _limit,
    "join": _join,
    "union": _union,
    "aggregate": _aggregate,
    "remove-duplicates": _unique,
    "anonymize": _anonymize,
}
