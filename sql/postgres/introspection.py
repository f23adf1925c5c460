"""The tables and views of a PostgreSQL database, as far as this role may read them.

In: a session. Out: `TableInfo`s, from one query per kind of thing. Partitions are left to their parents, what belongs
to an extension to itself. Tables of the default schema have no schema in their name.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from sql.catalog import Column, Default, Table
from sql.database import Row, Session
from sql.introspection import OWN_PREFIX, ForeignKey, Index, TableInfo
from sql.postgres.types import NativeType, marked, resolve, words_of
from sql.types import TEXT, Type

_RELATIONS = """SELECT c.oid::int8, c.relname::text, nullif(n.nspname, current_schema())::text, c.relkind::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
      AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                 AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname"""
_COLUMNS = """SELECT a.attrelid::int8, a.attname::text, a.atttypid::int8, a.atttypmod, a.attnotnull,
        a.attidentity <> '', a.attgenerated <> '', pg_get_expr(d.adbin, d.adrelid),
        format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"""
_TYPES = """SELECT t.oid::int8, t.typname::text, t.typtype::text, n.nspname = 'pg_catalog', t.typbasetype::int8,
        t.typtypmod, coalesce(r.rngsubtype, t.typelem)::int8, format_type(t.oid, NULL),
        ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid
    WHERE t.typtype <> 'c' AND t.typtype <> 'p'"""
_CONSTRAINTS = """SELECT c.conrelid::int8, c.contype::text, {names}, c.confrelid::int8, {targets}, c.confdeltype::text,
        CASE WHEN c.contype = 'c' THEN pg_get_constraintdef(c.oid) END
    FROM pg_constraint c WHERE c.conrelid = ANY(%s) AND c.contype IN ('p', 'f', 'c') AND c.conparentid = 0
    ORDER BY c.conrelid, c.conname""".format(
    names="""ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(n, i)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.i)""",
    targets="""ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(n, i)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.i)""",
)
_INDEXES = """SELECT i.indrelid::int8, c.relname::text, i.indisunique, ARRAY(
        SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(n, i)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n
        WHERE k.i <= i.indnkeyatts ORDER BY k.i)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY(%s) AND NOT i.indisprimary AND i.indpred IS NULL AND i.indexprs IS NULL
      AND i.indisvalid ORDER BY i.indrelid, i.indexrelid"""
_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


class Relation(NamedTuple):
    """A row of `_RELATIONS`."""

    oid: int
    name: str
    schema: str | None
    kind: str


class Parts:
    """What belongs to the relations, by their oids."""

    def __init__(self) -> None:
        self.columns: dict[int, list[Row]] = defaultdict(list)
        self.keys: dict[int, tuple[str, ...]] = {}
        self.references: dict[int, list[Row]] = defaultdict(list)
        self.words: dict[tuple[int, str], tuple[str, ...]] = {}
        self.indexes: dict[int, list[Index]] = defaultdict(list)


def introspect(session: Session, *, include_own: bool) -> tuple[TableInfo, ...]:
    """Every table and view."""
    relations = [_relation(row) for row in session.fetch(_RELATIONS)]
    relations = [relation for relation in relations if include_own or not relation.name.startswith(OWN_PREFIX)]
    types = _types(session)
    parts = _parts(session, [relation.oid for relation in relations])
    tables = {relation.oid: Table(relation.name, relation.schema) for relation in relations}
    return tuple(_info(relation, parts, types=types, tables=tables) for relation in relations)


def _relation(row: Row) -> Relation:
    oid, name, schema, kind = row
    return Relation(int(str(oid)), str(name), None if schema is None else str(schema), str(kind))


class Types(NamedTuple):
    """All types by oid, and what they are called."""

    by_oid: Mapping[int, NativeType]
    names: Mapping[int, str]


def _types(session: Session) -> Types:
    made, names = {}, {}
    rows: list[Any] = session.fetch(_TYPES)
    for oid, name, kind, builtin, base, modifier, item, shown, words in rows:
        made[oid] = NativeType(name, kind, builtin, base, modifier, item, tuple(words))
        names[oid] = shown
    return Types(made, names)


def _parts(session: Session, oids: list[int]) -> Parts:
    parts = Parts()
    rows: list[Any] = session.fetch(_COLUMNS, (oids,))
    for row in rows:
        parts.columns[row[0]].append(row)
    for row in session.fetch(_CONSTRAINTS, (oids,)):
        _constraint(parts, row)
    indexes: list[Any] = session.fetch(_INDEXES, (oids,))
    for oid, name, unique, names in indexes:
        parts.indexes[oid].append(Index(name, tuple(names), unique))
    return parts


def _constraint(parts: Parts, row: Any) -> None:
    oid, kind, names, *_, check = row
    match kind:
        case "p":
            parts.keys[oid] = tuple(names)
        case "f":
            parts.references[oid].append(row)
        case "c" if len(names) == 1 and (words := words_of(check)):
            parts.words[oid, names[0]] = words


def _info(relation: Relation, parts: Parts, *, types: Types, tables: Mapping[int, Table]) -> TableInfo:
    keys = (_foreign_key(row, tables) for row in parts.references[relation.oid])
    key = parts.keys.get(relation.oid, ())
    indexes = tuple(parts.indexes[relation.oid])
    return TableInfo(
        tables[relation.oid],
        "view" if relation.kind in "vm" else "table",
        tuple(_column(row, types, words=parts.words) for row in parts.columns[relation.oid]),
        key,
        tuple(key for key in keys if key),
        tuple(dict.fromkeys(index.columns for index in indexes if index.unique)),
        indexes,
    )


def _column(row: Any, types: Types, *, words: Mapping[tuple[int, str], tuple[str, ...]]) -> Column:
    oid, name, type_oid, modifier, required, identity, generated, default, native, comment = row
    known = resolve(types.by_oid, type_oid, modifier) if type_oid in types.by_oid else None
    type = marked(known[0], comment) if known else TEXT
    if type.name in ("text", "string") and (oid, name) in words:
        type = Type("enum", values=words[oid, name])
    return Column(
        name,
        type,
        nullable=not required,
        default=_default(default, identity=identity, generated=generated),
        generated=generated,
        native=types.names[known[1]] if known and known[1] != type_oid else native,
        read_only=known is None,
    )


def _default(expression: str | None, *, identity: bool, generated: bool) -> Default | None:
    if identity or (expression or "").startswith("nextval("):
        return Default("increment")
    return None if generated or expression is None else Default("sql", expression)


def _foreign_key(row: Any, tables: Mapping[int, Table]) -> ForeignKey | None:
    _, _, names, target, targets, action, _ = row
    if target not in tables:
        return None
    return ForeignKey(tuple(names), tables[target], tuple(targets), _ON_DELETE[action])
