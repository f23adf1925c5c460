"""Conditions as JSON Schema: for each family of types, the operators of a dialect and what stands after each.

In: a dialect's words for the core's operators. Out: schemas by name, and the one of a column.
"""

from collections.abc import Iterable, Mapping

from crud.openapi.caller import Caller, Seen
from crud.openapi.parts import array, closed, ref
from crud.openapi.rows import DOTTED
from crud.openapi.values import Json, example
from sql.catalog import Column
from sql.operators import OPERATORS

SCALAR: Json = {"type": ["string", "number", "boolean"]}
Words = Mapping[str, str]


def name_of(family: str) -> str:
    """What the conditions of a family are called."""
    return f"{family.capitalize()}.Conditions"


def condition_schemas(
    caller: Caller, words: Words, more: Mapping[str, Mapping[str, Json]] | None = None
) -> dict[str, Json]:
    """The conditions of every family that some column has. `more`: family → operators that the core does not have."""
    families = {column.type.family for seen in caller.seen for column in seen.comparable.values()}
    return {name_of(family): conditions(family, words, (more or {}).get(family, {})) for family in sorted(families)}


def conditions(family: str, words: Words, more: Mapping[str, Json]) -> Json:
    """An object of operators of one family; all of them hold."""
    found = {word: operand(op) for word, op in words.items() if family in OPERATORS[op].families}
    return closed({**found, **more}, minProperties=1)


def operand(op: str) -> Json:
    """What stands after an operator."""
    row = OPERATORS[op]
    one: Json = {"json": {}, "text": {"type": "string"}, "jsonpath": {"type": "string"}}.get(row.operand, SCALAR)
    match row.operands:
        case "none":
            return {"type": "boolean"}
        case "many":
            return array(one)
        case "two":
            return array(one, minItems=2, maxItems=2)
        case _:
            return one


def of_columns(seen: Seen) -> dict[str, Json]:
    """Column → a value, or its conditions."""
    return {name: of_column(column) for name, column in seen.comparable.items()}


def of_column(column: Column) -> Json:
    """A value that the column must have, or an object of operators."""
    plain: Json = {"type": ["string", "number", "boolean", "null"], "examples": [example(column.type)]}
    simple = column.type.family not in ("json", "array", "range")
    return {"anyOf": [plain, ref(name_of(column.type.family))]} if simple else ref(name_of(column.type.family))


def dotted(seen: Seen) -> Json:
    """What allows names of columns over relations, where there are relations."""
    return {"patternProperties": {DOTTED: {}}} if seen.relations else {}


def field_names(seen: Seen) -> Json:
    """The name of a column, or of one over relations."""
    return names_among(seen.comparable, over=bool(seen.relations))


def names_among(names: Iterable[str], *, over: bool) -> Json:
    """One of these names; `over`: or a dotted one."""
    known: Json = {"type": "string", "enum": list(names)}
    return {"anyOf": [known, {"type": "string", "pattern": DOTTED}]} if over else known
