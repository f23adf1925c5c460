"""SQLite's declared types and ours, both ways.

In: the type a column was declared with, and samples of what it holds, since SQLite lets any column hold anything.
Out: our type and storage. Back: the words we declare in a table of ours, such that they read as the same type.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from sql.sqlite.storage import CANONICAL, STORAGES, form_of, one_of, parse
from sql.types import BYTES, DECIMAL, NUMBER, STRING, TEXT, TYPES, Type, array_of, range_of

# Our words. Where SQLite would read a text as a number (NUMERIC affinity), TEXT says that it must not. An integer is
# INT4: SQLite's INTEGER has 64 bits, and numbers a key of that very word by itself.
DECLARED: Mapping[str, str] = MappingProxyType(
    {
        "integer": "INT4",
        "bigint": "BIGINT",
        "number": "REAL",
        "decimal": "DECIMAL",
        "epoch_ms": "EPOCH_MS",
        "boolean": "BOOLEAN",
        "string": "VARCHAR",
        "text": "TEXT",
        "email": "EMAIL TEXT",
        "enum": "TEXT",
        "citext": "TEXT COLLATE NOCASE",
        "uuid": "UUID TEXT",
        "date": "DATE",
        "time": "TIME",
        "datetime": "DATETIME",
        "datetime_local": "DATETIME_LOCAL",
        "json": "JSON TEXT",
        "bytes": "BLOB",
    }
)

_OTHER_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("SMALLINT", "TINYINT", "MEDIUMINT", "INT2", "SERIAL"), "integer"),
        **dict.fromkeys(("INTEGER", "INT", "INT8", "BIGSERIAL", "UNSIGNED BIG INT"), "bigint"),  # 64 bits
        **dict.fromkeys(("BOOL",), "boolean"),
        **dict.fromkeys(("NUMERIC", "NUMBER", "MONEY"), "decimal"),
        **dict.fromkeys(("FLOAT", "DOUBLE", "DOUBLE PRECISION"), "number"),
        **dict.fromkeys(("CHAR", "CHARACTER", "NVARCHAR", "NCHAR", "CHARACTER VARYING", "VARYING CHARACTER"), "string"),
        **dict.fromkeys(("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "DATETIME2"), "datetime"),
        **dict.fromkeys(("TIMESTAMP WITHOUT TIME ZONE",), "datetime_local"),
        **dict.fromkeys(("JSON", "JSONB"), "json"),
        **dict.fromkeys(("UUID", "GUID", "UNIQUEIDENTIFIER"), "uuid"),
        **dict.fromkeys(("BINARY", "VARBINARY", "BYTEA"), "bytes"),
        "CITEXT": "citext",
    }
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {**_OTHER_WORDS, **{word: name for name, word in DECLARED.items() if name != "enum"}}
)
# SQLite's own rules, in their order; what none fits is NUMERIC.
_AFFINITIES = (("INT", "bigint"), ("CHAR", "text"), ("CLOB", "text"), ("TEXT", "text"), ("BLOB", "bytes"))
_REALS = ("REAL", "FLOA", "DOUB")
_ARGUMENTS = re.compile(r"\(\s*([+-]?\d+)\s*(?:,\s*([+-]?\d+)\s*)?\)", re.ASCII)
_TIMES = frozenset(CANONICAL)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Found:
    """What a column turned out to be."""

    type: Type
    storage: str | None = None


def declared(type: Type) -> str:
    """The words for a column of this type in a table of ours."""
    if type.item is not None:
        return f"{type.name.upper()}_{type.item.name.upper()} TEXT"
    if type.name == "decimal" and type.precision is not None:
        return f"DECIMAL({type.precision},{type.scale or 0})"
    return DECLARED[type.name]


def needs_samples(words: str) -> bool:
    """Whether the declared words alone do not tell the type."""
    named = _named(words)
    return named is None or named.name in _TIMES or named.name == "uuid"


def found(words: str, samples: Sequence[object]) -> Found:
    """The type and storage of a column, from its declared words and from values it holds."""
    named = _named(words)
    if named is None:
        return Found(_sampled(words, samples))
    if named.name in _TIMES:
        return _moment(named, samples)
    if named.name == "uuid" and not all(_is_canonical_uuid(sample) for sample in samples):
        return Found(BYTES if all(isinstance(sample, bytes) for sample in samples) else STRING)
    return Found(named)


@lru_cache(1000)
def _named(words: str) -> Type | None:
    upper = " ".join(words.upper().split())
    arguments = _ARGUMENTS.search(upper)
    bare = " ".join(_ARGUMENTS.sub(" ", upper).split())
    if bare.startswith(("ARRAY_", "RANGE_")):
        return _composed(bare)
    name = _WORDS.get(bare) or next((ours for part, ours in _AFFINITIES if part in bare), None)
    name = name or ("number" if any(part in bare for part in _REALS) else None)
    if name == "decimal" and arguments:
        return Type("decimal", precision=int(arguments[1]), scale=int(arguments[2] or 0))
    return Type(name) if name else None


def _composed(bare: str) -> Type | None:
    kind, _, item = bare.removesuffix(" TEXT").partition("_")
    if item.lower() not in TYPES:
        return None
    return (array_of if kind == "ARRAY" else range_of)(Type(item.lower()))


def _sampled(words: str, samples: Sequence[object]) -> Type:
    kinds = {type(sample) for sample in samples}
    if kinds == {bytes}:
        return BYTES
    if not kinds or not kinds <= {int, float}:
        return TEXT
    if words:
        return DECIMAL
    return Type("bigint") if kinds == {int} else NUMBER


def _is_canonical_uuid(sample: object) -> bool:
    return isinstance(sample, str) and _UUID.fullmatch(sample) is not None


def _moment(named: Type, samples: Sequence[object]) -> Found:
    if not samples:
        return Found(named, CANONICAL[named.name])
    forms = [form_of(sample) for sample in samples]
    times = [sample for sample, form in zip(samples, forms, strict=True) if form]
    if not times or len(times) * 2 < len(samples):
        return Found(_sampled("", samples))
    storage = one_of({form for form in forms if form})
    if storage.startswith("time") or storage == "minutes" or named.name == "time":
        return Found(Type("time"), storage)
    return Found(Type(_instant_name(named.name, storage, times)), storage)


def _instant_name(name: str, storage: str, times: Sequence[object]) -> str:
    """Midnights alone are dates; whatever names a zone, or counts from 1970, is a moment in UTC."""
    if storage == "date" or (name == "date" and all(map(_is_midnight, times))):
        return "date"
    row = STORAGES[storage]
    zoned = any(map(_names_zone, times)) if row.kind == "mixed" else row.kind == "epoch" or row.zone
    return "datetime" if zoned else "datetime_local"


def _is_midnight(raw: object) -> bool:
    moment = parse(raw)
    return moment is None or (str(moment)[11:19] == "00:00:00" and not moment.microsecond)


def _names_zone(raw: object) -> bool:
    moment = parse(raw)
    return moment is not None and moment.tzinfo is not None
