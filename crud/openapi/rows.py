"""The schemas of rows: as answers show them, and as the bodies that make and change them.

In: `Seen`. Out: JSON Schemas by name. What a new row must have is asked of the marshmallow schema by which it will be
checked (`crud.schemas`), through apispec's plugin.
"""

from collections.abc import Iterator, Mapping

from apispec import APISpec
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow.fields import Field

from crud.openapi.caller import Caller, Seen
from crud.openapi.parts import array, closed, open_object, ref
from crud.openapi.values import Json, nullable, sent, shown
from crud.schemas import Value
from sql.catalog import Column

HASH: Json = {"type": ["string", "null"], "description": "A hash of the value, which is anonymised"}
Named = Iterator[tuple[str, Json]]
DOTTED = r"^[^.]+\..+$"  # the name of a column of another row


def row_schemas(caller: Caller, *, beside: Mapping[str, Json], dotted: bool) -> Named:
    """The rows of all resources that the caller may read; the keys of those that he may only write."""
    for seen in caller.seen:
        if "read" in seen.may:
            yield seen.id, row(seen, beside, dotted=dotted)
        elif seen.resource.key:
            yield f"{seen.id}.Key", key(seen)


def row(seen: Seen, beside: Mapping[str, Json], *, dotted: bool) -> Json:
    """A row: any of its columns, and of the rows that are related to it, and no other member."""
    masked = seen.view.masked
    columns = {
        name: HASH if column.name in masked else shown(column, seen.view.form(column))
        for name, column in seen.view.columns.items()
    }
    related = {name: related_rows(seen, name) for name in seen.relations}
    more: Json = {"patternProperties": {DOTTED: {}}} if dotted else {}
    return closed({**beside, **key_columns(seen), **related, **columns}, title=seen.name, **more)


def related_rows(seen: Seen, name: str) -> Json:
    """What stands under the name of a relation: a row or null, or rows."""
    relation = seen.relations[name]
    target = seen.caller.of(seen.caller.context.snapshot.catalog.target(relation))
    found = ref(target.id) if target else {"type": "object"}
    return nullable(found) if relation.kind == "to_one" else array(found)


def key_columns(seen: Seen) -> dict[str, Json]:
    """The columns of the key, which a writer is told who may not read the row."""
    columns = [seen.resource.columns[name] for name in seen.resource.key]
    return {seen.inputs.shown(column.name): shown(column, seen.inputs.form(column)) for column in columns}


def key(seen: Seen) -> Json:
    """A row of which no more than the key may be known."""
    return closed(key_columns(seen), title=seen.name)


# ---------------------------------------------------------------- what is sent


def converter_of(seen: Seen) -> OpenAPIConverter:
    """apispec's converter of marshmallow fields, told of the one field of ours."""

    def value2property(self: OpenAPIConverter, field: Field[object], **more: object) -> Json:
        assert isinstance(field, Value)
        found = sent(field.column, seen.inputs.form(field.column))
        return nullable(found) if field.allow_none else found

    made = OpenAPIConverter("3.1.0", lambda schema: None, APISpec("", "", "3.1.0"))
    made.add_attribute_function(value2property)  # type: ignore[no-untyped-call]
    return made


def fields_of(seen: Seen) -> Mapping[str, Field[object]]:
    """Exact name → the field that checks its values."""
    held = seen.caller.context.snapshot.schemas[seen.resource.name]
    return {held.names[attribute]: field for attribute, field in held.schema.fields.items()}


def new(seen: Seen, nested: Mapping[str, Json] | None = None, *, strict: bool = True) -> Json:
    """A new row. `nested`: what may stand under the names of relations. `strict`: what is unknown is refused."""
    known = fields_of(seen)
    columns = seen.settable("create")
    required = [name for name, column in columns.items() if _needed(seen, known, column)]
    make = closed if strict else open_object
    return make({**(nested or {}), **_properties(seen, columns)}, *required, title=f"New {seen.name}")


def change(seen: Seen, nested: Mapping[str, Json] | None = None, *, strict: bool = True) -> Json:
    """Changes to a row: any of its columns."""
    make = closed if strict else open_object
    return make({**(nested or {}), **_properties(seen, seen.settable("update"))}, title=f"Changes of {seen.name}")


def sent_rows(seen: Seen) -> Named:
    """The rows that are sent, as the bodies of operations name them."""
    if "create" in seen.may:
        yield f"{seen.id}.New", new(seen)
    if "update" in seen.may:
        yield f"{seen.id}.Change", change(seen)


def _needed(seen: Seen, known: Mapping[str, Field[object]], column: Column) -> bool:
    if column.name in seen.given:
        return False
    return known[column.name].required or column.name == seen.resource.tenant


def _properties(seen: Seen, columns: Mapping[str, Column]) -> dict[str, Json]:
    converter, known = converter_of(seen), fields_of(seen)
    return {name: converter.field2property(known[column.name]) for name, column in columns.items()}
