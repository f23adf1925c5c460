"""The tables and views of a SQLite file.

In: a session. Out: `TableInfo`s. Types come from declared words, from the text of CREATE TABLE, and where those do not
tell (times, UUIDs, no declaration), from samples of the data. What cannot be read at all is left out.
"""

from collections.abc import Mapping
from dataclasses import replace

from sql.catalog import Column, Default, Table
from sql.database import Row, Session
from sql.errors import DatabaseError
from sql.introspection import OWN_PREFIX, ForeignKey, Index, TableInfo
from sql.sqlite.declared import Declared, read_declared
from sql.sqlite.types import Found, found, needs_samples
from sql.types import CITEXT, Type

_TABLES = """SELECT l.name, l.type, l.wr, coalesce(s.sql, '') FROM pragma_table_list l
    JOIN sqlite_schema s ON s.name = l.name
    WHERE l.schema = 'main' AND l.type <> 'shadow' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name"""
_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid'
_INDEXES = """SELECT i.name, i."unique", x.cid, x.name
    FROM pragma_index_list(?) i JOIN pragma_index_xinfo(i.name) x
    WHERE NOT i.partial AND i.origin <> 'pk' AND x.key ORDER BY i.name, x.seqno"""
_KEYS = 'SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq'
_SAMPLES, _SCANNED = 1000, 20_000


def introspect(session: Session, *, include_own: bool) -> tuple[TableInfo, ...]:
    """Every table and view of the file."""
    listed = [row for row in session.fetch(_TABLES) if include_own or not str(row[0]).startswith(OWN_PREFIX)]
    made = []
    for row in listed:
        try:
            made.append(_table(session, row))
        except DatabaseError:
            continue  # a view of what is gone, a virtual table without its module
    actual = {info.table.name.lower(): info for info in made}
    return tuple(_with_keys(session, info, actual) for info in made)


def _table(session: Session, row: Row) -> TableInfo:
    name, kind, without_rowid, statement = str(row[0]), str(row[1]), bool(row[2]), str(row[3])
    session.fetch(f"SELECT 1 FROM {_quoted(name)} LIMIT 0")
    rows = [column for column in session.fetch(_COLUMNS, (name,)) if column[5] != 1]
    key = tuple(str(column[0]) for column in sorted(rows, key=_key_position) if column[4])
    declared = read_declared(statement) if kind == "table" else Declared()
    increment = _increment(rows, key, without_rowid=without_rowid)
    columns = tuple(_column(session, name, column, declared, increment=increment) for column in rows)
    indexes = _indexes(session, name)
    uniques = tuple(dict.fromkeys(index.columns for index in indexes if index.unique))
    return TableInfo(
        Table(name), "table" if kind == "table" else "view", columns, key, uniques=uniques, indexes=indexes
    )


def _key_position(row: Row) -> int:
    return int(str(row[4]))


def _increment(rows: list[Row], key: tuple[str, ...], *, without_rowid: bool) -> str | None:
    """The column that is the row's number: a single key of exactly this type."""
    kinds = {str(row[0]): str(row[1]).upper() for row in rows}
    return key[0] if len(key) == 1 and not without_rowid and kinds[key[0]] == "INTEGER" else None


def _column(session: Session, table: str, row: Row, declared: Declared, *, increment: str | None) -> Column:
    name, words = str(row[0]), str(row[1] or "")
    samples = _samples(session, table, name) if needs_samples(words) else []
    is_ = found(words, samples)
    default = Default("increment") if name == increment else Default("sql", row[3]) if row[3] is not None else None
    if row[3] is not None and not samples and is_.storage and "CURRENT_TIMESTAMP" in str(row[3]).upper():
        is_ = Found(Type("datetime_local"), "space0")
    return Column(
        name,
        _refined(is_.type, name.lower(), declared),
        nullable=not row[2] and not row[4],
        default=default,
        generated=row[5] in (2, 3),
        native=words,
        storage=is_.storage,
    )


def _refined(type: Type, name: str, declared: Declared) -> Type:
    if name in declared.words and type.family == "text":
        return Type("enum", values=declared.words[name])
    return CITEXT if name in declared.nocase and type.family == "text" else type


def _samples(session: Session, table: str, column: str) -> list[object]:
    """Some values, from the first rows only: a column of NULLs must not cost a walk through the whole table."""
    quoted = _quoted(column)
    inner = f"SELECT {quoted} AS v FROM {_quoted(table)} LIMIT {_SCANNED}"
    rows = session.fetch(f"SELECT v FROM ({inner}) WHERE v IS NOT NULL LIMIT {_SAMPLES}")
    return [row[0] for row in rows]


def _indexes(session: Session, table: str) -> tuple[Index, ...]:
    """Those of whole columns."""
    found: dict[tuple[str, bool], list[str | None]] = {}
    for index, unique, cid, column in session.fetch(_INDEXES, (table,)):
        found.setdefault((str(index), bool(unique)), []).append(str(column) if int(str(cid)) >= 0 else None)
    return tuple(
        Index(name, tuple(column for column in columns if column is not None), unique)
        for (name, unique), columns in found.items()
        if None not in columns
    )


def _with_keys(session: Session, info: TableInfo, actual: Mapping[str, TableInfo]) -> TableInfo:
    if info.kind == "view":
        return info
    grouped: dict[object, list[Row]] = {}
    for row in session.fetch(_KEYS, (info.table.name,)):
        grouped.setdefault(row[0], []).append(row)
    keys = (_foreign_key(rows, info, actual) for _, rows in sorted(grouped.items(), reverse=True, key=_first))
    return replace(info, foreign_keys=tuple(key for key in keys if key))


def _first(item: tuple[object, list[Row]]) -> int:
    return int(str(item[0]))


def _foreign_key(rows: list[Row], info: TableInfo, actual: Mapping[str, TableInfo]) -> ForeignKey | None:
    """SQLite keeps the names as they were written; those of the catalog are as they were declared."""
    target = actual.get(str(rows[0][1]).lower())
    if target is None:
        return None
    written = [str(row[3]) for row in rows] if rows[0][3] is not None else list(target.key)
    here = _exact([str(row[2]) for row in rows], info)
    there = _exact(written, target)
    if len(here) != len(rows) or len(there) != len(rows):
        return None
    return ForeignKey(here, target.table, there, str(rows[0][4]).upper())


def _exact(written: list[str], info: TableInfo) -> tuple[str, ...]:
    names = {column.name.lower(): column.name for column in info.columns}
    return tuple(names[name.lower()] for name in written if name.lower() in names)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
