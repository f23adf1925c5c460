"""PostgreSQL's words for every row of `sql.operators.OPERATORS`.

In: the left term, its operands, and the collation by which text is lower-cased. Out: a condition, three-valued.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import LiteralString

from sql.backend import Operand, Parameter, Term
from sql.errors import Unsupported
from sql.fragment import Fragment, sql, value
from sql.jsonpath import JsonPathTest
from sql.operators import TEXTUAL
from sql.postgres.encoding import dumps, listed, mark, marks
from sql.types import TEXT, Type

Printer = Callable[[str, Term, tuple[Operand, ...]], Fragment]
_FOREIGN_TEXT = ("enum", "citext")


def as_text(term: Term) -> Fragment:
    """The term as plain text: enums and citext have operators of their own."""
    plain = term.type.name not in _FOREIGN_TEXT and not term.native.startswith(("char", "bpchar", '"'))
    return term.sql if plain else sql("{}::text", term.sql)


def lower(fold: str, text: Fragment) -> Fragment:
    """Text in lower case, compared by code point."""
    return sql('(lower({} COLLATE {}) COLLATE "C")', text, Fragment(fold))


def comparable(fold: str, term: Term) -> Fragment:
    """The term as it is sorted: citext without regard to case, words by code point."""
    if term.type.name == "citext":
        return lower(fold, as_text(term))
    if term.type.name == "enum" or (term.computed and term.type.family in TEXTUAL):
        return sql('({} COLLATE "C")', as_text(term))
    return term.sql


def jsonb(term: Term) -> Fragment:
    """The term as jsonb."""
    return sql("{}::jsonb", term.sql) if term.native == "json" else term.sql


def _bound(right: tuple[Operand, ...]) -> Parameter:
    if not isinstance(right[0], Parameter):
        raise Unsupported("This operator compares with values alone")
    return right[0]


def _equal_side(fold: str, left: Term, operand: Operand) -> Fragment:
    """For equality an enum is compared as such, so that its index serves."""
    if isinstance(operand, Term):
        return _plain_enum(fold, operand)
    if left.type.name == "citext":
        return lower(fold, mark(operand, TEXT))
    native = left.native if left.type == operand.type else ""
    return mark(operand, operand.type, native)


def _plain_enum(fold: str, term: Term) -> Fragment:
    return as_text(term) if term.type.name == "enum" else comparable(fold, term)


def _equality(template: LiteralString) -> Printer:
    def printed(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        as_enum = left.type.name == "enum" and isinstance(right[0], Parameter) and right[0].type == left.type
        side = left.sql if as_enum else _plain_enum(fold, left)
        return sql(template, side, _equal_side(fold, left, right[0]))

    return printed


def _order_side(fold: str, left: Term, operand: Operand) -> Fragment:
    if isinstance(operand, Term):
        return comparable(fold, operand)
    if left.type.name == "citext":
        return lower(fold, mark(operand, TEXT))
    return mark(operand, TEXT if left.type.name == "enum" else operand.type)


def _order(template: LiteralString) -> Printer:
    return lambda fold, left, right: sql(
        template, comparable(fold, left), *(_order_side(fold, left, operand) for operand in right)
    )


def _membership(template: LiteralString) -> Printer:
    """The list is one parameter, however long; `{0} = {0}` keeps NULL unknown where the list is empty."""

    def printed(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        bound = _bound(right)
        if left.type.name == "citext":
            one = Fragment(f'SELECT lower(v COLLATE {fold}) COLLATE "C" FROM unnest(')
            many = sql("ARRAY({}{}) AS v)", one, marks(bound, TEXT))
            return sql(template, comparable(fold, left), many)
        native = left.native if left.type == bound.type else ""
        same = left.type.name != "enum" or left.type == bound.type
        return sql(template, left.sql if same else as_text(left), marks(bound, bound.type, native))

    return printed


def _empty(template: LiteralString) -> Printer:
    def printed(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        if left.type.family in TEXTUAL:
            return sql(template, sql("({0} IS NULL OR {0} = '')", as_text(left)))
        if left.type.name == "array":
            return sql(template, sql("({0} IS NULL OR cardinality({0}) = 0)", left.sql))
        if left.type.name == "json":
            void: LiteralString = "({0} IS NULL OR {0} IN ('null'::jsonb, '[]'::jsonb, '{{}}'::jsonb, '\"\"'::jsonb))"
            return sql(template, sql(void, jsonb(left)))
        return sql(template, sql("{} IS NULL", left.sql))

    return printed


# ---------------------------------------------------------------- text


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _like(pattern: str) -> str:
    """A backslash at the very end is a backslash: PostgreSQL would refuse the pattern."""
    tail = len(pattern) - len(pattern.rstrip("\\"))
    return pattern + "\\" if tail % 2 else pattern


_PATTERNS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "like": _like,
        "contains": lambda text: f"%{_literal(text)}%",
        "starts_with": lambda text: f"{_literal(text)}%",
        "ends_with": lambda text: f"%{_literal(text)}",
    }
)


def _text(template: LiteralString, pattern: Callable[[str], str], *, insensitive: bool) -> Printer:
    def printed(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        get = _bound(right).get
        made = Parameter(lambda b: None if get(b) is None else pattern(str(get(b))), TEXT)
        if insensitive:
            return sql(template, lower(fold, as_text(left)), lower(fold, mark(made, TEXT)))
        return sql(template, as_text(left), mark(made, TEXT))

    return printed


def _texts() -> dict[str, Printer]:
    made: dict[str, Printer] = {}
    for name, pattern in _PATTERNS.items():
        for insensitive, i in ((False, ""), (True, "i")):
            made[i + name] = _text("{} LIKE {}", pattern, insensitive=insensitive)
            made[f"not_{i}{name}"] = _text("{} NOT LIKE {}", pattern, insensitive=insensitive)
    return made


# ---------------------------------------------------------------- JSON and arrays


def _json(template: LiteralString) -> Printer:
    return lambda fold, left, right: sql(template, jsonb(left), _json_mark(_bound(right)))


def _json_mark(parameter: Parameter) -> Fragment:
    """None is JSON's null here."""
    get = parameter.get
    return value("%s::jsonb", lambda bindings: dumps(get(bindings)))


def _json_text(template: LiteralString) -> Printer:
    return lambda fold, left, right: sql(template, jsonb(left), mark(_bound(right), TEXT))


def _json_texts(template: LiteralString) -> Printer:
    return lambda fold, left, right: sql(template, jsonb(left), marks(_bound(right), TEXT))


def _json_list(template: LiteralString) -> Printer:
    """The values are one JSON list."""

    def printed(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        get = _bound(right).get
        held = value("%s::jsonb", lambda bindings: dumps(list(listed(get(bindings)))))
        return sql(template, sql("NULLIF({}, 'null'::jsonb)", jsonb(left)), held)

    return printed


def _json_order(symbol: LiteralString) -> Printer:
    """Numbers with numbers, booleans with booleans, strings with strings by code point; all else is unknown."""
    template: LiteralString = (
        "CASE WHEN jsonb_typeof({0}) <> jsonb_typeof({1}) THEN NULL"
        " WHEN jsonb_typeof({0}) = 'string' THEN ({0} #>> '{{}}') COLLATE \"C\" "
        + symbol
        + " ({1} #>> '{{}}') COLLATE \"C\""
        " WHEN jsonb_typeof({0}) IN ('number', 'boolean') THEN {0} " + symbol + " {1} END"
    )
    return _json(template)


_SCALAR_TEXT: LiteralString = "CASE WHEN jsonb_typeof({0}) IN ('string', 'number', 'boolean') THEN {0} #>> '{{}}' END"
_PATH_OPS: Mapping[str, str] = MappingProxyType(
    {"eq": "==", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
)


def path_text(test: object) -> str:
    """A path test in PostgreSQL's language; a wildcard is all that is inside, members or elements."""
    known = test if isinstance(test, JsonPathTest) else JsonPathTest(tuple(listed(test)))  # type: ignore[arg-type]
    path = "$" + "".join(map(_step, known.tokens))
    if known.op is None:
        return path
    return f"{path} ? (@ {_PATH_OPS[known.op]} {dumps(known.value)})"


def _step(token: str | int | None) -> str:
    if token is None:
        return ".**{1}"
    return f"[{token}]" if isinstance(token, int) else f".{dumps(token)}"


def _path(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
    get = _bound(right).get
    path = value("%s::jsonpath", lambda bindings: path_text(get(bindings)))
    return sql("jsonb_path_exists({}, {}, '{{}}', true)", jsonb(left), path)


def _json_like(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
    text = Term(sql("({})", sql(_SCALAR_TEXT, jsonb(left))), TEXT)
    return _texts()["like"](fold, text, right)


def _array(template: LiteralString) -> Printer:
    def printed(fold: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        item = left.type.item or Type("text")
        if item.name != "citext":
            native = left.native.removesuffix("[]")
            return sql(template, left.sql, marks_of(_bound(right), item, native))
        one = Fragment(f'SELECT lower(v::text COLLATE {fold}) COLLATE "C" FROM unnest(')
        held = sql("ARRAY({}{}::text[]) AS v)", one, left.sql)
        return sql(template, held, sql("ARRAY({}{}) AS v)", one, marks(_bound(right), TEXT)))

    return printed


def marks_of(parameter: Parameter, item: Type, native: str) -> Fragment:
    """The elements that an array is compared with, as an array of the same kind, NULLs kept."""
    get = parameter.get
    words = native or mark(parameter, item).text.removeprefix("%s::")
    return value(f"%s::{words.replace('%', '%%')}[]", lambda bindings: list(listed(get(bindings))))


OPERATORS: Mapping[str, Printer] = MappingProxyType(
    {
        "eq": _equality("{} = {}"),
        "ne": _equality("{} <> {}"),
        "gt": _order("{} > {}"),
        "gte": _order("{} >= {}"),
        "lt": _order("{} < {}"),
        "lte": _order("{} <= {}"),
        "between": _order("{} BETWEEN {} AND {}"),
        "not_between": _order("{} NOT BETWEEN {} AND {}"),
        "in": _membership("{} = ANY({})"),
        "not_in": _membership("({0} <> ALL({1}) AND {0} = {0})"),
        "is_null": lambda fold, left, right: sql("{} IS NULL", left.sql),
        "is_not_null": lambda fold, left, right: sql("{} IS NOT NULL", left.sql),
        "empty": _empty("{}"),
        "not_empty": _empty("NOT ({})"),
        **_texts(),
        "json_contains": _json("{} @> {}"),
        "json_not_contains": _json("NOT {} @> {}"),
        "json_contained": _json("{} <@ {}"),
        "json_eq": _json("NULLIF({}, 'null'::jsonb) = {}"),
        "json_ne": _json("NULLIF({}, 'null'::jsonb) <> {}"),
        "json_gt": _json_order(">"),
        "json_gte": _json_order(">="),
        "json_lt": _json_order("<"),
        "json_lte": _json_order("<="),
        "json_has_key": _json_text("{} ? {}"),
        "json_has_any_keys": _json_texts("{} ?| {}"),
        "json_has_all_keys": _json_texts("{} ?& {}"),
        "json_in": _json_list("{} IN (SELECT jsonb_array_elements({}))"),
        "json_not_in": _json_list("({0} NOT IN (SELECT jsonb_array_elements({1})) AND {0} = {0})"),
        "json_like": _json_like,
        "json_is_null": lambda fold, left, right: sql("({0} IS NULL OR {0} = 'null'::jsonb)", jsonb(left)),
        "json_is_not_null": lambda fold, left, right: sql("({0} IS NOT NULL AND {0} <> 'null'::jsonb)", jsonb(left)),
        "json_path_exists": _path,
        "json_path_match": _path,
        "array_contains": _array("{} @> {}"),
        "array_contained": _array("{} <@ {}"),
        "array_overlaps": _array("{} && {}"),
        "not_array_overlaps": _array("NOT ({} && {})"),
    }
)
