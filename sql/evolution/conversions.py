"""The values of a column as those of another one.

In: a column as it is, and as it shall be. Out: SQL that is NULL for a value that cannot be converted, with the same
meaning on both databases. Numbers are cut off on their way to whole ones; what is beyond the new type is not made to
fit.
"""

from sql.backend import Backend, Term
from sql.catalog import Column
from sql.ddl import literal
from sql.fragment import Fragment, join, sql
from sql.postgres import conversions as on_postgres
from sql.sqlite import conversions as on_sqlite
from sql.types import INTEGER, Type

INTEGERS = frozenset({"integer", "bigint", "epoch_ms"})
_NUMBERS = INTEGERS | {"number", "decimal", "text"}
_SHOWN = INTEGERS | {"number", "decimal", "boolean", "date", "time", "datetime", "datetime_local", "uuid"}
_CASTS = {
    "integer": frozenset({"number", "decimal", "text", "boolean"}),
    "number": _NUMBERS,
    "decimal": _NUMBERS,
    "boolean": _NUMBERS,
    "text": _SHOWN,
    "date": frozenset({"text", "datetime", "datetime_local"}),
    "time": frozenset({"text", "datetime", "datetime_local"}),
}
_SPELT_ALIKE = frozenset({"string", "text", "email", "citext"})


def converted(old: Column, new: Column, backend: Backend) -> Fragment:
    """The old column, under its new name, as the new one holds it."""
    term = backend.column("", Column(new.name, old.type, storage=old.storage))
    made = _made(term, old, new, backend)
    return sql("NULL") if made is None else _bounded(made, new.type, backend)


def beforehand(old: Column, new: Column, backend: Backend) -> tuple[str, ...]:
    """What must have been said before the conversion can be."""
    return on_postgres.before(_kind(old.type), new.type) if backend.name == "postgres" else ()


def _kind(type: Type) -> str:
    return "text" if type.family == "text" else type.name


def _made(term: Term, old: Column, new: Column, backend: Backend) -> Fragment | None:
    source, target = _kind(old.type), _kind(new.type)
    if old.type.item or new.type.item:
        return _composed(term, old, new, backend)
    if source == target and (new.type.name not in ("date", "time") and new.type.family != "datetime"):
        return term.sql
    if {source, target} <= INTEGERS:
        return term.sql
    if backend.name == "sqlite" and (special := on_sqlite.converted(term, source, new)):
        return special
    if source == target:
        return term.sql
    return _cast(term, source, target, backend) or (
        on_postgres.converted(term, source, new.type) if backend.name == "postgres" else None
    )


def _cast(term: Term, source: str, target: str, backend: Backend) -> Fragment | None:
    word = "integer" if target in INTEGERS else target
    if source == "boolean" and word in ("number", "decimal"):
        return backend.cast(backend.cast(term, INTEGER), Type(word)).sql
    return backend.cast(term, Type(word)).sql if source in _CASTS.get(word, ()) else None


def _composed(term: Term, old: Column, new: Column, backend: Backend) -> Fragment | None:
    """Lists: those of texts are alike, and every one of scalars that JSON knows can be JSON."""
    source, target = old.type, new.type
    if source == target:
        return term.sql
    if source.item and target.item:
        alike = source.name == target.name and {source.item.name, target.item.name} <= _SPELT_ALIKE
        return term.sql if alike else None
    if source.name != "array" or target.name != "json" or source.item is None:
        return None
    if source.item.name not in _SPELT_ALIKE | {"integer", "bigint", "boolean"}:
        return None
    if backend.name == "sqlite":
        return on_sqlite.converted(term, "array", new)
    return on_postgres.converted(term, "array", target)


def _bounded(value: Fragment, type: Type, backend: Backend) -> Fragment:
    """Only what the new type holds as it is."""
    if type.name == "integer":
        return sql("(CASE WHEN {0} BETWEEN -2147483648 AND 2147483647 THEN {0} END)", value)
    if type.name == "decimal" and type.precision is not None:
        scale, most = Fragment(str(type.scale or 0)), Fragment(f"1e{type.precision - (type.scale or 0)}")
        return sql("(CASE WHEN {0} = round({0}, {1}) AND abs({0}) < {2} THEN {0} END)", value, scale, most)
    if type.name == "enum" and type.values:
        words = join(", ", [Fragment(literal(word, backend)) for word in type.values])
        return sql("(CASE WHEN {0} IN ({1}) THEN {0} END)", value, words)
    return value
