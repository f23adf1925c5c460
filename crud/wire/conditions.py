"""The JSON condition language: rules in `config.yml`, permissions of a role, and Baasix's `filter` speak it.

In: a JSON tree like `{"AND": [{"author.name": {"eq": "Ann"}}, {"views": {"gt": 3}}]}` and a `Scope`.
Out: a `Filter`. Keys of one object are ANDed; `{"f": v}` means eq; `{"f": {"eq": v, "cast": "text"}}` compares the
field as another type. Values may be variables (`crud.wire.variables`). `WORDS` is the table of its operators; those
that look into JSON columns with an object of their own are in `crud.wire.jsonconditions`.
Source: seed document of Baasix, "Filtering", and what its wire shows beyond that.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crud.errors import bad_parameter
from crud.wire.jsonconditions import JSON_WORDS
from crud.wire.paths import Scope, all_of, any_of, condition, operands, reach
from crud.wire.variables import At, Left, variable
from sql.catalog import Resource
from sql.expressions import And, Compare, Expr, Filter, Not, Or, Path, Some
from sql.operators import CAST_TYPES, CASTS, OPERATORS, Operator
from sql.types import Type

WORDS: Mapping[str, str] = MappingProxyType(
    {
        **{word: word for word in ("eq", "ne", "gt", "gte", "lt", "lte", "in", "between", "like")},
        **{"is": "eq", "not": "ne", "notIn": "not_in", "nin": "not_in", "notBetween": "not_between"},
        **{"isNull": "is_null", "isNotNull": "is_not_null"},
        **{"notLike": "not_like", "iLike": "ilike", "notILike": "not_ilike"},
        **{"startsWith": "istarts_with", "startsWiths": "starts_with"},
        **{"endsWith": "iends_with", "endsWiths": "ends_with"},
        **{"nstartsWith": "not_istarts_with", "nstartsWiths": "not_starts_with"},
        **{"nendsWith": "not_iends_with", "nendsWiths": "not_ends_with"},
        **{"arraycontains": "array_contains", "arraycontained": "array_contained"},
        **{"jsonbContains": "json_contains", "jsonbNotContains": "json_not_contains"},
        **{"jsonbContainedBy": "json_contained", "jsonbHasKey": "json_has_key"},
        **{"jsonbHasAnyKeys": "json_has_any_keys", "jsonbHasAllKeys": "json_has_all_keys"},
    }
)

# a cast's name as PostgreSQL or a schema of Baasix writes it → ours
CAST_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in CAST_TYPES},
        **{"string": "text", "varchar": "text", "int": "integer", "bigint": "integer", "bool": "boolean"},
        **{"numeric": "decimal", "real": "number", "float": "number", "double": "number"},
    }
)

MOST_PATTERN = 10_000

_NULLS = {"eq": "is_null", "ne": "is_not_null"}
_TURNED = {"is_null": "is_not_null", "is_not_null": "is_null"}
_LIKE = ("like", "not_like", "ilike", "not_ilike")
# list operator → (operator of one value, how the two parts of a list go together)
_LISTED: Mapping[str, tuple[str, type[Or] | type[And]]] = {"in": ("eq", Or), "not_in": ("ne", And)}


def parse(scope: Scope, resource: Resource, tree: object, *, parameter: str = "filter") -> Filter:
    """The filter of a JSON tree. Raises ApiError naming the parameter and the field."""
    return _object(At(scope, resource, parameter), tree)


def _object(at: At, tree: object) -> Filter:
    if not isinstance(tree, dict):
        raise bad_parameter(at.parameter, "expected an object of conditions")
    return all_of(_entry(at, key, value) for key, value in tree.items())


def _entry(at: At, key: str, value: object) -> Filter:
    match key:
        case "AND":
            return _group(all_of(_items(at, key, value)))
        case "OR":
            return _group(any_of(_items(at, key, value)))
        case "NOT":
            return Not(_object(at, value))
        case _:
            return _field(at, key, value)


def _items(at: At, word: str, value: object) -> list[Filter]:
    if not isinstance(value, list) or not value:
        raise bad_parameter(at.parameter, f"{word} takes a list of conditions")
    return [_object(at, item) for item in value]


def _group(made: Filter) -> Filter:
    """A nested group is a new child: wrapped, so that it does not merge with its neighbours."""
    return And((made,)) if isinstance(made, Some) else made


def _field(at: At, key: str, value: object) -> Filter:
    reached = reach(at.scope, at.resource, key, at.parameter)
    left = Left(reached, reached.column.type)
    if not isinstance(value, dict):
        return _operator(at, left, "eq", value)
    words = {word: operand for word, operand in value.items() if word != "cast"}
    if not words:
        raise bad_parameter(at.parameter, f"no operator for field {key!r}")
    if "cast" in value:
        left = Left(reached, _cast(at, left, value["cast"]))
    return all_of(_operator(at, left, word, operand) for word, operand in words.items())


def _cast(at: At, left: Left, name: object) -> Type:
    target = CAST_TYPES.get(CAST_WORDS.get(name, "")) if isinstance(name, str) else None
    if target is None or left.type.family not in CASTS[target.name]:
        known = ", ".join(sorted(name for name, made in CASTS.items() if left.type.family in made))
        raise bad_parameter(at.parameter, f"field {left.reached.origin.text!r} can be cast to {known or 'nothing'}")
    return target


def _operator(at: At, left: Left, word: str, raw: object) -> Filter:
    if word in JSON_WORDS:
        return JSON_WORDS[word](at, left.reached, raw)
    op, raw = _prepared(at, left, core_word(at.parameter, word), raw)
    if op in _LISTED and isinstance(raw, list):
        return _listed(at, left, op, raw)
    right = _right(at, left, op, raw)
    return condition(left.reached, lambda path: Compare(left.expr(path), op, right))


def core_word(parameter: str, word: str) -> str:
    """The core's operator for a word of this language. Raises ApiError."""
    if word not in WORDS:
        known = ", ".join(sorted([*WORDS, *JSON_WORDS]))
        raise bad_parameter(parameter, f"Unknown operator {word[:40]!r}; expected one of {known}")
    return WORDS[word]


def _prepared(at: At, left: Left, op: str, raw: object) -> tuple[str, object]:
    """The operator and its value once the habits of the language are applied: null, lists of one, %."""
    if raw is None and op in _NULLS:
        return _NULLS[op], None
    if op in _TURNED:
        return _null(at, left, op, raw), None
    if op in _LIKE:
        return op, _pattern(at, raw)
    if OPERATORS[op].operands in ("many", "two") and not isinstance(raw, list):
        return op, [raw]
    return op, raw


def _null(at: At, left: Left, op: str, raw: object) -> str:
    if not (raw is None or isinstance(raw, bool) or raw in ("true", "false", "")):
        raise bad_parameter(at.parameter, f"operator {op} on {left.reached.origin.text!r} takes true or false")
    return _TURNED[op] if raw is False or raw == "false" else op


def _pattern(at: At, raw: object) -> object:
    if isinstance(raw, str) and len(raw) > MOST_PATTERN:
        raise bad_parameter(at.parameter, f"a pattern of {len(raw)} characters, at most {MOST_PATTERN}")
    return f"%{raw}%" if isinstance(raw, str) and "%" not in raw and not raw.startswith("$COL(") else raw


def _right(at: At, left: Left, op: str, raw: object) -> tuple[Expr, ...]:
    """The right side: values, variables, or both in a pair."""
    operator = OPERATORS[op]
    items = raw if isinstance(raw, list) else [raw]
    found = [variable(at, left, item) for item in items]
    if not any(found):
        return operands(at.scope, left.type, op, raw, origin=left.reached.origin)
    if left.type.family not in operator.families or not _takes_variables(operator):
        problem = f"operator {op} on field {left.reached.origin.text!r} takes no variable"
        raise bad_parameter(at.parameter, problem)
    made = tuple(known or _single(at, left, item) for known, item in zip(found, items, strict=True))
    if len(made) != {"one": 1, "two": 2}[operator.operands]:
        problem = f"operator {op} on {left.reached.origin.text!r} takes two values, got {len(made)}"
        raise bad_parameter(at.parameter, problem)
    return made


def _takes_variables(operator: Operator) -> bool:
    return operator.operands in ("one", "two") and operator.operand in ("same", "text")


def _single(at: At, left: Left, raw: object) -> Expr:
    return operands(at.scope, left.type, "eq", raw, origin=left.reached.origin)[0]


def _listed(at: At, left: Left, op: str, raw: list[object]) -> Filter:
    """A list of values; a variable in it is a comparison of its own."""
    single, group = _LISTED[op]
    found = [(item, variable(at, left, item)) for item in raw]
    plain = operands(at.scope, left.type, op, [i for i, known in found if known is None], origin=left.reached.origin)
    variables = [known for _, known in found if known is not None]

    def make(path: Path) -> Filter:
        listed = Compare(left.expr(path), op, plain)
        others = [Compare(left.expr(path), single, (known,)) for known in variables]
        return group((listed, *others)) if others else listed

    return condition(left.reached, make)
