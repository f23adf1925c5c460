"""The types of Baasix and ours, both ways.

In: a word such as `Array_Integer`. Out: what a definition says of a field of that type. Back: the word for one of our
types, the first of the table where several fit; a schema that was written with another word is kept as it was written.
"""

from collections.abc import Mapping
from types import MappingProxyType

from sql.types import Type

Data = Mapping[str, object]
ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "String": "string",
        "Integer": "integer",
        "Double": "number",
        "Decimal": "decimal",
        "Boolean": "boolean",
        "UUID": "uuid",
        "Date": "date",
        "DateTime": "datetime",
        "DateTime_NO_TZ": "datetime_local",
        "Time": "time",
        "Time_NO_TZ": "time",
    }
)
NO_RANGE = ("String", "Boolean", "UUID")

# word → what a definition says of such a field
TYPES: Mapping[str, Data] = MappingProxyType(
    {
        "String": {"type": "string"},
        "Text": {"type": "text"},
        "HTML": {"type": "text"},
        "CiText": {"type": "citext"},
        "TOKEN": {"type": "string"},
        "Integer": {"type": "integer"},
        "BigInt": {"type": "bigint"},
        "Decimal": {"type": "decimal"},
        "Double": {"type": "number"},
        "Real": {"type": "number"},
        "Boolean": {"type": "boolean"},
        "Date": {"type": "date"},
        "DateTime": {"type": "datetime"},
        "DateTime_NO_TZ": {"type": "datetime_local"},
        "Time": {"type": "time"},
        "Time_NO_TZ": {"type": "time"},
        "JSONB": {"type": "json"},
        "JSON": {"type": "json"},
        "UUID": {"type": "uuid"},
        "ENUM": {"type": "enum"},
        **{f"Array_{word}": {"type": "array", "items": name} for word, name in ITEMS.items()},
        **{f"Range_{word}": {"type": "range", "items": name} for word, name in ITEMS.items() if word not in NO_RANGE},
    }
)
VIRTUAL = "VIRTUAL"
GEOMETRIES = (
    *("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"),
    *("GeometryCollection", "Geography", "Geometry"),
)

# Types that Baasix has no word for: the one whose JSON is the same.
_OTHERS: Mapping[str, str] = MappingProxyType({"email": "String", "epoch_ms": "BigInt", "bytes": "Text"})
_OTHER_ITEMS: Mapping[str, str] = MappingProxyType({"bigint": "Integer", "epoch_ms": "Integer"})


def word_of(type: Type) -> str:
    """The word for a type of ours."""
    if type.item is not None:
        item = next((word for word, name in ITEMS.items() if name == type.item.name), "")
        return f"{type.name.capitalize()}_{item or _OTHER_ITEMS.get(type.item.name, 'String')}"
    return next((word for word, data in TYPES.items() if data["type"] == type.name), _OTHERS.get(type.name, "Text"))


def values_of(type: Type) -> dict[str, object]:
    """The member `values` of a field of this type, where there is something to say."""
    if type.values:
        return {"values": list(type.values)}
    if type.precision is not None:
        return {"values": {"precision": type.precision, "scale": type.scale or 0}}
    return {}
