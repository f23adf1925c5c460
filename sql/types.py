"""The types of columns: what a value is in Python, in JSON and in an error message.

In: a type's name and its parameters. Out: `Type`, a frozen value that columns, slots and casts carry.
What a type is called in a database is the backends' matter; how text becomes a value is `sql.values`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

INT64 = range(-(2**63), 2**63)  # the whole numbers that a column can hold


@dataclass(frozen=True)
class Type:
    """One column type. `item` is the scalar of an array or a range; `values` are an enum's words."""

    name: str
    precision: int | None = None
    scale: int | None = None
    values: tuple[str, ...] = ()
    item: "Type | None" = None

    @property
    def family(self) -> str:
        """The group of types that take the same operators."""
        return TYPES[self.name].family

    @property
    def expected(self) -> str:
        """What a value of this type looks like, for error messages."""
        if self.values:
            return "one of " + ", ".join(self.values)
        if self.item is not None:
            return f"{TYPES[self.name].expected} of {self.item.expected}"
        return TYPES[self.name].expected


@dataclass(frozen=True)
class TypeInfo:
    """A row of `TYPES`. `python` names the class of the canonical Python value that a slot carries."""

    family: str
    expected: str
    python: str


TYPES: Mapping[str, TypeInfo] = MappingProxyType(
    {
        "integer": TypeInfo("number", "an integer", "int"),
        "bigint": TypeInfo("number", "an integer", "int"),
        "number": TypeInfo("number", "a number", "float"),
        "decimal": TypeInfo("number", "a decimal number", "Decimal"),
        "epoch_ms": TypeInfo("number", "milliseconds since 1970", "int"),
        "boolean": TypeInfo("boolean", "true or false", "bool"),
        "string": TypeInfo("text", "a text", "str"),
        "text": TypeInfo("text", "a text", "str"),
        "email": TypeInfo("text", "an e-mail address", "str"),
        "enum": TypeInfo("text", "one of a list of words", "str"),
        "citext": TypeInfo("text", "a text", "str"),
        "uuid": TypeInfo("uuid", "a UUID", "str"),
        "date": TypeInfo("date", "a date like 2024-01-31", "date"),
        "time": TypeInfo("time", "a time like 10:00:00", "time"),
        "datetime": TypeInfo("datetime", "a time like 2024-01-31T10:00:00Z", "datetime"),
        "datetime_local": TypeInfo("datetime", "a time like 2024-01-31T10:00:00", "datetime"),
        "json": TypeInfo("json", "a JSON value", "object"),
        "array": TypeInfo("array", "a list", "tuple"),
        "range": TypeInfo("range", 'a range like {"lower": 1, "upper": 5, "bounds": "[)"}', "Range"),
        "bytes": TypeInfo("bytes", "base64 text", "bytes"),
    }
)

INTEGER, BIGINT, NUMBER, DECIMAL = Type("integer"), Type("bigint"), Type("number"), Type("decimal")
BOOLEAN, STRING, TEXT, CITEXT, UUID = Type("boolean"), Type("string"), Type("text"), Type("citext"), Type("uuid")
DATE, TIME, DATETIME, DATETIME_LOCAL = Type("date"), Type("time"), Type("datetime"), Type("datetime_local")
JSON, BYTES, EPOCH_MS = Type("json"), Type("bytes"), Type("epoch_ms")


def array_of(item: Type) -> Type:
    """The type of an array of a scalar."""
    return Type("array", item=item)


def range_of(item: Type) -> Type:
    """The type of a range over a scalar."""
    return Type("range", item=item)
