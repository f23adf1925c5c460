"""Columns of PostgreSQL that become columns of another type, where `casts` has no word for it.

In: a term of the old type, the name of the new one. Out: a fragment that is NULL for what cannot be converted; None
where there is no way. Text is looked at before it is cast, one look inside the other, as in `casts`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import LiteralString

from sql.backend import Term
from sql.fragment import Fragment, sql
from sql.postgres.casts import FROM_TEXT
from sql.types import Type

# Text that is no JSON cannot be told before version 16: this function tells, and goes with the session.
JSON_FUNCTION = """CREATE OR REPLACE FUNCTION pg_temp.dragoman_json(raw text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN raw::jsonb; EXCEPTION WHEN data_exception THEN RETURN NULL; END'"""
_MOMENT: LiteralString = (
    "'^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{{1,6}})?)?"
    "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$'"
)
_UUID: LiteralString = "'^[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}$'"
_FROM_TEXT: LiteralString = (
    "CASE WHEN {0} ~ " + _MOMENT + " THEN CASE WHEN " + FROM_TEXT["date"] + " IS NOT NULL THEN {0}::timestamptz END END"
)
_MILLISECONDS: LiteralString = "floor(extract(epoch FROM {0}) * 1000)::bigint"
_TO_JSON: LiteralString = "to_jsonb({0})"
_WAYS: Mapping[tuple[str, str], LiteralString] = MappingProxyType(
    {
        ("text", "datetime"): "(" + _FROM_TEXT + ")",
        ("text", "datetime_local"): "((" + _FROM_TEXT + ") AT TIME ZONE 'UTC')",
        ("text", "uuid"): "(CASE WHEN {0} ~ " + _UUID + " THEN {0}::uuid END)",
        ("text", "json"): "pg_temp.dragoman_json({0})",
        ("json", "text"): "{0}::text",
        ("date", "datetime"): "({0}::timestamp AT TIME ZONE 'UTC')",
        ("date", "datetime_local"): "{0}::timestamp",
        ("datetime", "datetime_local"): "({0} AT TIME ZONE 'UTC')",
        ("datetime_local", "datetime"): "({0} AT TIME ZONE 'UTC')",
        ("epoch_ms", "datetime"): "(timestamptz 'epoch' + {0} * interval '1 millisecond')",
        ("epoch_ms", "datetime_local"): "(timestamp 'epoch' + {0} * interval '1 millisecond')",
        ("datetime", "epoch_ms"): _MILLISECONDS,
        ("datetime_local", "epoch_ms"): _MILLISECONDS,
        **{(name, "json"): _TO_JSON for name in ("integer", "bigint", "epoch_ms", "number", "boolean", "array")},
    }
)


def converted(term: Term, source: str, target: Type) -> Fragment | None:
    """The term as the other type. `source` is `text` for all that are texts."""
    way = _WAYS.get((source, target.name))
    return None if way is None else sql(way, term.sql)


def before(source: str, target: Type) -> tuple[str, ...]:
    """What has to be said first."""
    return (JSON_FUNCTION,) if (source, target.name) == ("text", "json") else ()
