"""What a database really holds of its tables, from its own catalog: everything but the order of columns.

In: a session. Out: table → what there is of it, comparable; made without the program's own introspection.
"""

import re
from collections.abc import Mapping
from typing import Any

from sql.database import Session
from sql.sqlite.declared import read_declared

_COMPUTED = re.compile(r"[^,\n]*GENERATED ALWAYS AS .*? VIRTUAL")
Shape = Mapping[str, Mapping[str, Any]]

_POSTGRES = {
    "columns": """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), l.collname, a.attnotnull,
        a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum),
        (SELECT s.seqtypid::regtype::text FROM pg_sequence s
         WHERE a.attidentity <> '' AND s.seqrelid = pg_get_serial_sequence(quote_ident(c.relname), a.attname)::regclass)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace""",
    "constraints": """SELECT c.relname, o.conname, pg_get_constraintdef(o.oid), o.convalidated
        FROM pg_class c JOIN pg_constraint o ON o.conrelid = c.oid AND o.contype <> 'n'
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace""",
    "indexes": """SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()""",
}
_SQLITE = {
    "columns": """SELECT m.name, x.name, upper(x.type), x."notnull", x.dflt_value, x.pk, x.hidden
        FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x WHERE m.type = 'table'""",
    "references": """SELECT m.name, k.id, k."from", k."table", k."to", k.on_delete
        FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table'""",
    "indexes": """SELECT m.name, i.name, i."unique", i.origin, i.partial, x.seqno, x.name, x.coll
        FROM sqlite_schema m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) x
        WHERE m.type = 'table' AND x.key""",
    "counters": "SELECT name, instr(sql, 'AUTOINCREMENT') > 0 FROM sqlite_schema WHERE type = 'table'",
}


def shape(session: Session, backend: str) -> Shape:
    """Each table by name."""
    found: dict[str, dict[str, Any]] = {}
    for kind, text in (_SQLITE if backend == "sqlite" else _POSTGRES).items():
        for row in session.fetch(text):
            if not str(row[0]).startswith("sqlite_"):
                found.setdefault(str(row[0]), {}).setdefault(kind, []).append(tuple(row[1:]))
    if backend == "sqlite":
        for name, sql in session.fetch("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"):
            if not str(name).startswith("sqlite_"):
                declared = read_declared(str(sql))
                found[str(name)]["declared"] = [
                    ("words", sorted(declared.words.items())),
                    ("nocase", sorted(declared.nocase)),
                ]
    return {table: {kind: _plain(kind, rows) for kind, rows in kinds.items()} for table, kinds in found.items()}


def _plain(kind: str, rows: list[Any]) -> Any:
    """References have numbers in SQLite, and no names."""
    if kind != "references":
        return sorted(rows, key=repr)
    numbered: dict[int, list[Any]] = {}
    for number, *rest in rows:
        numbered.setdefault(number, []).append(tuple(rest))
    return sorted(numbered.values(), key=repr)
