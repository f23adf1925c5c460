"""What the keys, uniques, references and indexes of a PostgreSQL table are really called.

In: a session and a table. Out: (kind, columns) → names. A table that was not made by us has names of its own.
"""

from collections.abc import Mapping
from typing import Any

from sql.catalog import Table
from sql.database import Session

_NAMES = """SELECT CASE c.contype WHEN 'p' THEN 'key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'reference' ELSE 'check' END,
        ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(n, i)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.i), c.conname::text
    FROM pg_constraint c WHERE c.conrelid = {0} AND c.contype IN ('p', 'u', 'f', 'c')
    UNION ALL
    SELECT 'index', ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(n, i)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY k.i), c.relname::text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = {0} AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u'))"""
_TABLE = """(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = %s AND n.nspname = coalesce(%s, current_schema()))"""


def names_in(session: Session, table: Table) -> Mapping[tuple[str, tuple[str, ...]], tuple[str, ...]]:
    """All of them."""
    found: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
    rows: list[Any] = session.fetch(_NAMES.format(_TABLE), (table.name, table.schema) * 2)
    for kind, columns, name in rows:
        found[kind, tuple(columns)] = (*found.get((kind, tuple(columns)), ()), name)
    return found
