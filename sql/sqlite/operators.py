"""SQLite's words for every row of `sql.operators.OPERATORS`.

In: the left term and its operands. Out: a condition, three-valued.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import LiteralString

from sql.backend import DIGITS, Operand, Parameter, Term
from sql.errors import Unsupported
from sql.fragment import Binder, Fragment, sql, value
from sql.jsonpath import JsonPathTest
from sql.operators import TEXTUAL
from sql.sqlite import text
from sql.sqlite.encoding import TIMES, dumps, encode, encode_list, stored
from sql.types import Type

Printer = Callable[[Term, tuple[Operand, ...]], Fragment]


def folded(term: Term) -> Fragment:
    """The term in lower case."""
    return sql("dragoman_fold({})", term.sql)


def comparable(term: Term) -> Fragment:
    """The term as it is compared: citext without regard to case."""
    return folded(term) if term.type.name == "citext" else term.sql


def _side(left: Term, operand: Operand) -> Fragment:
    if isinstance(operand, Term):
        return comparable(operand)
    get = operand.get
    if left.storage == DIGITS:
        return value("?", lambda bindings: _digits(get(bindings)))
    if left.type.name == "citext":
        return value("?", lambda bindings: _folded(get(bindings)))
    type, keeps = (left.type, left.storage) if left.type.family in TIMES else (operand.type, None)
    return value("?", lambda bindings: encode(get(bindings), type, keeps))


def _sides(left: Term, right: tuple[Operand, ...]) -> tuple[Fragment, ...]:
    """Two columns that keep times differently meet as instants."""
    terms = [operand for operand in right if isinstance(operand, Term)]
    if left.type.family in TIMES and any(_keeps(left) != _keeps(term) for term in terms):
        return tuple(sql("dragoman_instant({})", _side(left, operand)) for operand in (left, *right))
    return comparable(left), *(_side(left, operand) for operand in right)


def _keeps(term: Term) -> str | None:
    return stored(term.type, term.storage)


def _folded(raw: object) -> object:
    return raw if raw is None else text.fold(str(raw))


def _comparison(template: LiteralString) -> Printer:
    return lambda left, right: sql(template, *_sides(left, right))


def _membership(template: LiteralString) -> Printer:
    """The list is one parameter, however long; `{0} = {0}` keeps NULL unknown where the list is empty."""

    def printed(left: Term, right: tuple[Operand, ...]) -> Fragment:
        get, type = _bound(right).get, left.type
        if type.name == "citext":
            return sql(template, folded(left), value("?", lambda bindings: _folded_list(get(bindings))))
        if left.storage == DIGITS:
            return sql(template, left.sql, value("?", lambda bindings: _digits_list(get(bindings))))
        side = sql("iif({0} IS NULL, NULL, hex({0}))", left.sql) if type.name == "bytes" else left.sql
        held = type if type.family in TIMES else _bound(right).type
        return sql(template, side, value("?", lambda bindings: encode_list(get(bindings), held, left.storage)))

    return printed


def _digits(raw: object) -> object:
    """A number of any length is compared with the text of one."""
    return raw if raw is None else str(raw)


def _digits_list(values: object) -> str:
    listed = values if isinstance(values, list | tuple) else (values,)
    return encode_list(tuple(_digits(one) for one in listed), Type("text"))


def _folded_list(values: object) -> str:
    listed = values if isinstance(values, list | tuple) else (values,)
    return encode_list(tuple(_folded(one) for one in listed), Type("text"))


def _bound(right: tuple[Operand, ...]) -> Parameter:
    if not isinstance(right[0], Parameter):
        raise Unsupported("This operator compares with values alone")
    return right[0]


def _empty(template: LiteralString) -> Printer:
    def printed(left: Term, right: tuple[Operand, ...]) -> Fragment:
        if left.type.family in TEXTUAL:
            return sql(template, sql("({0} IS NULL OR {0} = '')", left.sql))
        if left.type.family in ("json", "array"):
            return sql(template, sql("dragoman_empty({})", left.sql))
        return sql(template, sql("{} IS NULL", left.sql))

    return printed


def _text(template: LiteralString, pattern: Callable[[str], str], *, insensitive: bool) -> Printer:
    def prepare(raw: object) -> object:
        if raw is None:
            return None
        return pattern(text.fold(str(raw)) if insensitive else str(raw))

    def printed(left: Term, right: tuple[Operand, ...]) -> Fragment:
        get = _bound(right).get
        side = folded(left) if insensitive else left.sql
        return sql(template, side, value("?", lambda bindings: prepare(get(bindings))))

    return printed


def _texts() -> dict[str, Printer]:
    made: dict[str, Printer] = {}
    for insensitive, i in ((False, ""), (True, "i")):
        made[f"{i}contains"] = _text("instr({}, {}) > 0", str, insensitive=insensitive)
        made[f"not_{i}contains"] = _text("instr({}, {}) = 0", str, insensitive=insensitive)
        for name in ("like", "starts_with", "ends_with"):
            pattern = getattr(text, name)
            made[i + name] = _text("{} GLOB {}", pattern, insensitive=insensitive)
            made[f"not_{i}{name}"] = _text("{} NOT GLOB {}", pattern, insensitive=insensitive)
    return made


def _json(name: LiteralString, get: Callable[[object], str]) -> Printer:
    def printed(left: Term, right: tuple[Operand, ...]) -> Fragment:
        bound = _bound(right).get
        return sql("dragoman_json({}, {}, {})", Fragment(f"'{name}'"), left.sql, value("?", _through(bound, get)))

    return printed


def _through(binder: Binder, prepare: Callable[[object], str]) -> Binder:
    return lambda bindings: prepare(binder(bindings))


def path_text(test: object) -> str:
    """A path test as our function reads it."""
    if not isinstance(test, JsonPathTest):
        return dumps({"tokens": list(test) if isinstance(test, tuple) else [], "op": None, "value": None})
    return dumps({"tokens": list(test.tokens), "op": test.op, "value": test.value})


def _jsons() -> dict[str, Printer]:
    plain = ("contains", "not_contains", "contained", "eq", "ne", "gt", "gte", "lt", "lte")
    listed = ("has_key", "has_any_keys", "has_all_keys", "in", "not_in")
    return {
        **{f"json_{name}": _json(name, dumps) for name in (*plain, *listed)},
        "json_path_exists": _json("path", path_text),
        "json_path_match": _json("path", path_text),
        "json_like": lambda left, right: _texts()["like"](
            Term(sql("dragoman_json_text({})", left.sql), Type("text")), right
        ),
        "json_is_null": lambda left, right: sql("coalesce(dragoman_json_kind({}), 'null') = 'null'", left.sql),
        "json_is_not_null": lambda left, right: sql("coalesce(dragoman_json_kind({}), 'null') <> 'null'", left.sql),
    }


def _array(name: LiteralString) -> Printer:
    def printed(left: Term, right: tuple[Operand, ...]) -> Fragment:
        get, item = _bound(right).get, left.type.item or Type("text")
        prepare = value("?", lambda bindings: dumps([_item(one, item) for one in _listed(get(bindings))]))
        folding = sql("1") if item.name == "citext" else sql("0")
        return sql("dragoman_array({}, {}, {}, {})", Fragment(f"'{name}'"), left.sql, prepare, folding)

    return printed


def _listed(values: object) -> tuple[object, ...]:
    return tuple(values) if isinstance(values, list | tuple) else (values,)


def _item(raw: object, item: Type) -> object:
    return _folded(raw) if item.name == "citext" else raw


OPERATORS: Mapping[str, Printer] = MappingProxyType(
    {
        "eq": _comparison("{} = {}"),
        "ne": _comparison("{} <> {}"),
        "gt": _comparison("{} > {}"),
        "gte": _comparison("{} >= {}"),
        "lt": _comparison("{} < {}"),
        "lte": _comparison("{} <= {}"),
        "between": _comparison("{} BETWEEN {} AND {}"),
        "not_between": _comparison("{} NOT BETWEEN {} AND {}"),
        "in": _membership("{} IN (SELECT value FROM json_each({}))"),
        "not_in": _membership("({0} NOT IN (SELECT value FROM json_each({1})) AND {0} = {0})"),
        "is_null": lambda left, right: sql("{} IS NULL", left.sql),
        "is_not_null": lambda left, right: sql("{} IS NOT NULL", left.sql),
        "empty": _empty("{}"),
        "not_empty": _empty("NOT {}"),
        **_texts(),
        **_jsons(),
        **{name: _array(name) for name in ("array_contains", "array_contained", "array_overlaps")},
        "not_array_overlaps": _array("not_array_overlaps"),
    }
)
