"""PostgreSQL's types and ours, both ways.

In: rows of pg_type. Out: our type and the native name; a type that has no place in the catalog is served as text.
Back: the words for a column of a table of ours. What the native type cannot tell is written in the column's comment.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sql.types import CITEXT, Type, array_of, range_of

DECLARED: Mapping[str, str] = MappingProxyType(
    {
        "integer": "integer",
        "bigint": "bigint",
        "number": "double precision",
        "decimal": "numeric",
        "epoch_ms": "bigint",
        "boolean": "boolean",
        "string": 'varchar COLLATE "C"',
        "text": 'text COLLATE "C"',
        "email": 'text COLLATE "C"',
        "enum": 'text COLLATE "C"',
        "citext": 'text COLLATE "C"',
        "uuid": "uuid",
        "date": "date",
        "time": "time",
        "datetime": "timestamptz",
        "datetime_local": "timestamp",
        "json": "jsonb",
        "bytes": "bytea",
    }
)
RANGES: Mapping[str, str] = MappingProxyType(
    {
        "integer": "int4range",
        "bigint": "int8range",
        "decimal": "numrange",
        "number": "numrange",
        "date": "daterange",
        "datetime": "tstzrange",
        "datetime_local": "tsrange",
        "time": "tsrange",  # on the first day of 1970: there is no range of times of day
    }
)
# Types whose column says in a comment what it is, since several of ours share one of PostgreSQL's.
MARKED = frozenset({"email", "citext", "epoch_ms"})
MARK = "dragoman:"
TIMES_OF_DAY = "range_time"

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("int2", "int4"), "integer"),
        "int8": "bigint",
        **dict.fromkeys(("float4", "float8"), "number"),
        "numeric": "decimal",
        "bool": "boolean",
        "text": "text",
        **dict.fromkeys(("varchar", "bpchar", "name", "char"), "string"),
        "uuid": "uuid",
        "date": "date",
        "time": "time",
        "timestamptz": "datetime",
        "timestamp": "datetime_local",
        **dict.fromkeys(("json", "jsonb"), "json"),
        "bytea": "bytes",
    }
)
_WORD = re.compile(r"'((?:[^']|'')*)'::(?:text|character varying|bpchar)")
_LIST = re.compile(
    r"CHECK \(\(+(?P<column>\"(?:[^\"]|\"\")+\"|\w+)\)?(?:::text)? = "
    r"(?:ANY \(\(?ARRAY\[(?P<many>.*)\]\)?(?:::text\[\])?\)|(?P<one>'(?:[^']|'')*'::[a-z ]+))\)+",
    re.DOTALL,
)


@dataclass(frozen=True)
class NativeType:
    """A row of pg_type: `kind` is its typtype, `base` a domain's type, `item` an array's or a range's."""

    name: str
    kind: str
    builtin: bool
    base: int
    modifier: int
    item: int
    words: tuple[str, ...]


def declared(type: Type) -> str:
    """The words for a column of this type in a table of ours."""
    if type.name == "array" and type.item:
        name, _, collation = declared(type.item).partition(" COLLATE ")
        return f"{name}[]{' COLLATE ' + collation if collation else ''}"
    if type.name == "range" and type.item:
        return RANGES[type.item.name]
    if type.name == "decimal" and type.precision is not None:
        return f"numeric({type.precision},{type.scale or 0})"
    return DECLARED[type.name]


def resolve(types: Mapping[int, NativeType], oid: int, modifier: int) -> tuple[Type, int] | None:
    """Our type and the oid of the type it is based on; None for one that is served as text."""
    native = types[oid]
    if native.kind == "d":
        return resolve(types, native.base, native.modifier if modifier < 0 else modifier)
    made = _composed(types, native, modifier) or _scalar(native, modifier)
    return (made, oid) if made else None


def _scalar(native: NativeType, modifier: int) -> Type | None:
    if native.kind == "e":
        return Type("enum", values=native.words)
    if native.name == "citext" and not native.builtin:
        return CITEXT
    name = _NAMES.get(native.name) if native.builtin else None
    if name == "decimal" and modifier >= 4:
        scale = (modifier - 4) & 0x7FF
        return Type("decimal", precision=(modifier - 4) >> 16 & 0xFFFF, scale=scale - 2048 if scale > 1023 else scale)
    return Type(name) if name else None


def _composed(types: Mapping[int, NativeType], native: NativeType, modifier: int) -> Type | None:
    if native.item == 0 or native.item not in types:
        return None
    item = types[native.item]
    scalar = _scalar(item, modifier) if item.item == 0 or item.kind == "e" else None
    if scalar is None:
        return None
    if native.kind == "r":
        return range_of(scalar) if native.builtin else None
    return array_of(scalar) if native.name.startswith("_") else None


def words_of(check: str) -> tuple[str, ...]:
    """The words that a CHECK of one column allows, as pg_get_constraintdef prints it; () for any other check."""
    found = _LIST.fullmatch(check)
    if found is None:
        return ()
    listed = found["many"] or found["one"]
    words = tuple(word.replace("''", "'") for word in _WORD.findall(listed))
    return words if len(_WORD.sub("", listed).strip(", ")) == 0 else ()


def mark_of(type: Type) -> str:
    """What a column's comment says of its type; "" where its own type tells it."""
    if type.item == Type("time") and type.name == "range":
        return MARK + TIMES_OF_DAY
    return MARK + type.name if type.name in MARKED else ""


def marked(type: Type, comment: str | None) -> Type:
    """The type that the comment names, where there is one of ours."""
    name = (comment or "").removeprefix(MARK) if (comment or "").startswith(MARK) else ""
    if name == TIMES_OF_DAY and type.name == "range":
        return range_of(Type("time"))
    return Type(name) if name in MARKED else type
