"""Conversions on PostgreSQL that never fail: what cannot be converted is NULL.

In: a term and a type. Out: a fragment. Text is looked at before it is cast, one look inside the other, because only
CASE promises an order of evaluation.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import LiteralString

from sql.backend import Term
from sql.fragment import Fragment, sql

_BLANKS: LiteralString = "' ' || chr(9) || chr(10) || chr(13)"
_INTEGER: LiteralString = r"'^\s*[+-]?[0-9]{{1,18}}\s*$'"
_NUMBER: LiteralString = r"'^\s*[+-]?([0-9]{{1,100}}(\.[0-9]{{0,100}})?|\.[0-9]{{1,100}})([eE][+-]?[0-9]{{1,2}})?\s*$'"
_DATE: LiteralString = r"'^(?!0000)[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'"
_TIME: LiteralString = r"'^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,6}})?)?$'"
_MONTH_END: LiteralString = (
    "extract(day FROM (substr({0}, 1, 7) || '-01')::date + interval '1 month' - interval '1 day')"
)

_INSTANT: LiteralString = (
    "CASE WHEN NOT isfinite({0}) THEN {0}::text"
    " WHEN extract(microseconds FROM {0})::bigint %% 1000 = 0"
    " THEN to_char({0}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"
    " ELSE to_char({0}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') END"
)
FROM_TEXT: Mapping[str, LiteralString] = MappingProxyType(
    {
        "text": "{0}",
        "integer": "CASE WHEN {0} ~ " + _INTEGER + " THEN {0}::bigint END",
        "number": "CASE WHEN {0} ~ " + _NUMBER + " THEN {0}::float8 END",
        "decimal": "CASE WHEN {0} ~ " + _NUMBER + " THEN {0}::numeric END",
        "boolean": "CASE lower(btrim({0}, " + _BLANKS + "))"
        " WHEN 'true' THEN true WHEN '1' THEN true WHEN 'false' THEN false WHEN '0' THEN false END",
        "date": "CASE WHEN {0} ~ "
        + _DATE
        + " THEN CASE WHEN substr({0}, 9, 2)::int <= "
        + _MONTH_END
        + " THEN substr({0}, 1, 10)::date END END",
        "time": "CASE WHEN {0} ~ " + _TIME + " THEN {0}::time END",
    }
)
_OTHERS: Mapping[tuple[str, str], LiteralString] = MappingProxyType(
    {
        ("decimal", "text"): "trim_scale({0})::text",
        ("datetime_local", "text"): _INSTANT,
        ("integer", "boolean"): "({0} <> 0)",
        ("bigint", "boolean"): "({0} <> 0)",
        ("epoch_ms", "boolean"): "({0} <> 0)",
        ("decimal", "boolean"): "({0} <> 0)",
        ("number", "boolean"): "({0} <> 0)",
        ("boolean", "integer"): "({0}::int)::bigint",
        ("number", "integer"): "CASE WHEN abs({0}) < 9.2e18 THEN trunc({0})::bigint END",
        ("decimal", "integer"): "CASE WHEN abs({0}) < 9.2e18 THEN trunc({0})::bigint END",
        ("number", "decimal"): "CASE WHEN abs({0}) <= 1.7976931348623157e308 THEN {0}::numeric END",
        ("decimal", "number"): "CASE WHEN abs({0}) < 1e308 THEN {0}::float8 END",
    }
)
_NAMES: Mapping[str, LiteralString] = MappingProxyType(
    {
        "text": "{0}::text",
        "integer": "{0}::bigint",
        "number": "{0}::float8",
        "decimal": "{0}::numeric",
        "boolean": "{0}::boolean",
        "date": "{0}::date",
        "time": "{0}::time",
    }
)
AsText = Callable[[Term], Fragment]


def cast(term: Term, target: str, as_text: AsText) -> Fragment:
    """The term as the type of this name."""
    if term.type.family == "text":
        return sql("({})", sql(FROM_TEXT[target], as_text(term)))
    if term.type.name == "datetime":
        local = sql("({} AT TIME ZONE 'UTC')", term.sql)
        if target != "text":
            return sql(_NAMES[target], local)
        return sql("({} || CASE WHEN isfinite({}) THEN 'Z' ELSE '' END)", sql("({})", sql(_INSTANT, local)), local)
    template = _OTHERS.get((term.type.name, target), _NAMES[target])
    return sql("({})", sql(template, term.sql))
