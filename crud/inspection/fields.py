"""One column as a definition says it.

In: a resource, its table, one column. Out: `Said`: the keys of the field, and notes on what the keys cannot say. A key
is only written where reading it gives the same again; what is left out stays as the database has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from crud.definitions.declared_schema import ON_DELETE, SCALAR_TYPES
from crud.definitions.entities import read_field
from crud.definitions.place import NOWHERE
from crud.inspection.found import Found, Words
from crud.resources import default_of
from sql.catalog import Column, Default, Resource
from sql.defaults import plain_default
from sql.errors import BadValue
from sql.introspection import ForeignKey
from sql.types import Type

Data = dict[str, object]


@dataclass(frozen=True)
class Said:
    """A field: its keys, and what a comment tells."""

    keys: Data
    notes: list[str] = field(default_factory=list)


def said_of(found: Found, words: Words, resource: Resource, column: Column) -> Said:
    """A column of a resource."""
    said = Said(_type(column.type) or {})
    said.notes.extend([column.native] if column.native else [])
    if "type" not in said.keys:
        said.notes.append(f"served as {spelled(column.type)}")
    if storage := found.storage(resource, column):
        said.keys["storage"] = storage
    if column.formula:
        said.keys["formula"] = column.formula
    if resource.key == (column.name,):
        said.keys["key"] = True
    _default(said, column)
    _required(said, resource, column)
    if (column.name,) in found.uniques(resource):
        said.keys["unique"] = True
    for key in found.info(resource).foreign_keys:
        if key.columns == (column.name,):
            _reference(said, key, *_target(found, words, resource, key))
    return said


def spelled(type: Type) -> str:
    """A type in words."""
    if type.item is not None:
        return f"{type.name} of {spelled(type.item)}"
    digits = [str(number) for number in (type.precision, type.scale) if number is not None]
    return type.name + (f"({', '.join((*digits, *type.values))})" if digits or type.values else "")


def _type(type: Type) -> Data | None:
    """The keys of a type, or None where there are no keys that mean it."""
    scale, precision = type.scale or 0, type.precision or max(type.scale or 0, 1)
    items = type.item.name if type.item else None
    if not 0 <= scale <= precision or type.precision == 0 or len({*type.values}) < len(type.values):
        return None
    if type.item is not None and items not in SCALAR_TYPES:
        return None
    given = {"precision": type.precision, "scale": type.scale, "values": list(type.values) or None, "items": items}
    keys: Data = {"type": type.name} | {key: value for key, value in given.items() if value is not None}
    return keys if read_field("x", keys, NOWHERE).type == type else None


# ---------------------------------------------------------------- defaults


def _default(said: Said, column: Column) -> None:
    own = column.default
    if own is None:
        if column.generated and not column.formula:
            said.notes.append("computed by the database")
        return
    wanted = _wanted(own, column.type)
    ways: list[Data] = [] if wanted is None else [{"default": wanted}, {"default": wanted, "literal": True}]
    keys = next((way for way in ways if _means(way, own, column)), None)
    if keys is None:
        said.notes.append(f"default {own.value}" if own.kind == "sql" else f"default: {own.kind}")
    said.keys.update(keys or {})


def _wanted(own: Default, type: Type) -> object | None:
    """What a definition would say for a default."""
    plain = plain_default(str(own.value), type) if own.kind == "sql" else own
    if plain is None:
        return None
    return plain.value if plain.kind == "literal" else plain.kind


def _means(keys: Data, own: Default, column: Column) -> bool:
    """Whether these keys are read as the default that there is."""
    given = keys["default"] if isinstance(keys["default"], bool | int | float) else str(keys["default"])
    try:
        read = default_of(read_field(column.name, keys | {"default": given}, NOWHERE), column.type)
    except BadValue:
        return False
    return read == (plain_default(str(own.value), column.type) if own.kind == "sql" else own)


def _required(said: Said, resource: Resource, column: Column) -> None:
    """A column that the database fills need not be given, so nothing is asked of it."""
    if column.nullable or column.name in resource.key or column.generated:
        return
    if column.default is None or "default" in said.keys:
        said.keys["required"] = True
    else:
        said.notes.append("never null")


# ---------------------------------------------------------------- references


def _target(found: Found, words: Words, resource: Resource, key: ForeignKey) -> tuple[Resource | None, str | None]:
    there = target_of(found, key)
    return there, words.reference(resource, there, key.target_columns[0]) if there else None


def target_of(found: Found, key: ForeignKey) -> Resource | None:
    """The resource that a foreign key leads to, if it is served."""
    return next((resource for resource in found.loaded.catalog if resource.table == key.target), None)


def _reference(said: Said, key: ForeignKey, there: Resource | None, written: str | None) -> None:
    if written is None or "references" in said.keys or there is None:
        said.notes.append(f"refers to {key.target.name} ({key.target_columns[0]})")
        return
    said.keys["references"] = written
    action = key.on_delete.lower()
    if action in ON_DELETE and action != "no action":
        said.keys["on_delete"] = action
    elif action != "no action":
        said.notes.append(f"on delete: {action}")


def composite(found: Found, resource: Resource) -> Iterator[str]:
    """The references of several columns at once, which the database alone can say."""
    for key in found.info(resource).foreign_keys:
        if len(key.columns) > 1:
            columns, targets = ", ".join(key.columns), ", ".join(key.target_columns)
            yield f"({columns}) refers to {key.target.name} ({targets})"
