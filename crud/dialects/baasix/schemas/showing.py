"""Schemas as callers read them: of every collection, however it was defined, with what the caller may know of it.

In: a collection as a dialect shows it to this caller, and the schema that it was written with, if it was. Out: a
schema. What was written is shown as it was, without the fields that the caller may not read and what names them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crud import naming
from crud.definitions.declared import ResourceDefinition
from crud.dialects.baasix.schemas.documents import Written, is_relation
from crud.dialects.baasix.schemas.words import VIRTUAL, values_of, word_of
from crud.presentation import Presentation, View
from sql.catalog import Catalog, Column, Relation, Resource

Data = dict[str, Any]
_DEFAULTS: Mapping[str, str] = {"uuid": "UUIDV4", "suid": "SUID", "now": "NOW", "increment": "AUTOINCREMENT"}
_MADE: Mapping[str, str] = {"uuid": "UUIDV4", "increment": "AUTOINCREMENT", "created_at": "NOW", "updated_at": "NOW"}


@dataclass(frozen=True)
class Sight:
    """What a caller may know: the names of the dialect, narrowed; whether he may read a collection at all."""

    names: Presentation
    catalog: Catalog
    readable: Callable[[str], bool]


# ---------------------------------------------------------------- what was written


def narrowed(written: Written, resource: Resource, sight: Sight) -> Written:
    """A written schema without what the caller may not know."""
    view = sight.names.view(resource)
    gone = {name for name in resource.columns if name not in view.columns}
    gone |= {name for name in resource.relations if name not in view.relations}
    fields = {
        name: _narrowed_field(field, gone, sight)
        for name, field in written["fields"].items()
        if name not in gone and (not is_relation(field) or name in view.relations)
    }
    indexes = [index for index in written.get("indexes", []) if gone.isdisjoint(index["fields"])]
    return {**written, "fields": fields, "indexes": indexes}


def _narrowed_field(field: Data, gone: set[str], sight: Sight) -> Data:
    if "tables" in field:
        return {**field, "tables": [table for table in field["tables"] if sight.readable(table)]}
    if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", field.get("calculated", "")) for name in gone):
        return {key: value for key, value in field.items() if key != "calculated"}
    return field


# ---------------------------------------------------------------- what was defined elsewhere


def described(resource: Resource, sight: Sight, definition: ResourceDefinition | None = None) -> Written:
    """The schema of a collection that was not written as one."""
    view = sight.names.view(resource)
    stamps = {column.auto: name for name, column in view.columns.items() if column.auto}
    written: Written = {
        "name": naming.pascal_singular(resource.entity or resource.name),
        "fields": {name: _column(view, column) for name, column in view.columns.items()}
        | {name: _relation(sight, view, name, way) for name, way in view.relations.items()},
        "timestamps": (stamps.get("created_at"), stamps.get("updated_at")) == ("createdAt", "updatedAt"),
        "paranoid": resource.soft_delete is not None and resource.soft_delete.column in _exact(view),
        "indexes": list(_indexes(view, definition)),
    }
    return written


def _exact(view: View) -> set[str]:
    return {column.name for column in view.columns.values()}


def _column(view: View, column: Column) -> Data:
    resource = view.resource
    computed = bool(column.generated)
    made: Data = {"type": VIRTUAL if computed else word_of(column.type), **values_of(column.type)}
    if column.name in resource.key:
        made["primaryKey"] = True
    made["allowNull"] = column.nullable and column.name not in resource.key
    if (column.name,) in resource.uniques:
        made["unique"] = True
    return made | dict(_default(column)) | dict(_rules(column))


def _default(column: Column) -> Iterator[tuple[str, Any]]:
    kind = _MADE.get(column.auto or "") or (_DEFAULTS.get(column.default.kind) if column.default else None)
    if kind is not None:
        yield "defaultValue", {"type": kind}
    elif column.default is not None and column.default.kind == "literal":
        yield "defaultValue", column.default.value
    if column.auto:
        yield "SystemGenerated", True


def _rules(column: Column) -> Iterator[tuple[str, Any]]:
    rules = column.rules
    said: Data = {key: rules[key] for key in ("min", "max") if key in rules and column.type.family != "text"}
    low = rules.get("min_length", rules.get("min") if column.type.family == "text" else None)
    high = rules.get("max_length", rules.get("max") if column.type.family == "text" else None)
    if low is not None and high is not None:
        said["len"] = [low, high]
    elif low is not None:
        said["notEmpty"] = True
    said |= {"isEmail": True} if rules.get("format") == "email" or column.type.name == "email" else {}
    said |= {"isUrl": True} if rules.get("format") == "url" else {}
    said |= {"matches": f"^(?:{rules['pattern']})$"} if "pattern" in rules else {}
    if said:
        yield "validate", said
    if high is not None and low is None and column.type.family == "text":
        yield "values", {"length": high}


def _relation(sight: Sight, view: View, name: str, way: Relation) -> Data:
    target = sight.catalog.target(way)
    there = sight.names.view(target)
    made: Data = {"as": name, "target": there.name}
    if way.through is not None:
        middle = sight.names.view(sight.catalog.resource(way.through.resource))
        keys = {"foreignKey": middle.shown(way.through.near[0][1]), "otherKey": middle.shown(way.through.far[0][0])}
        return made | {"relType": "BelongsToMany", "through": middle.name, **keys}
    here, far = way.columns[0]
    if way.kind == "to_one" and any(link.columns == way.columns for link in view.resource.references):
        return made | {"relType": "BelongsTo", "foreignKey": view.shown(here)}
    kind = "HasOne" if way.kind == "to_one" else "HasMany"
    return made | {"relType": kind, "foreignKey": there.shown(far)}


def _indexes(view: View, definition: ResourceDefinition | None) -> Iterator[Data]:
    known = _exact(view)
    for index in definition.indexes if definition else ():
        if set(index.fields) <= known:
            shown = [view.shown(name) for name in index.fields]
            yield {"name": index.name or "_".join((*index.fields, "idx")), "fields": shown, "unique": index.unique}
