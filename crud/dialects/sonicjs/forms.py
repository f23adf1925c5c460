"""A table's definition as the form that edits a record: what `includeContentType=true` adds as `contentType`.

In: a resource and names as the caller sees them. Out: a form of components (the vocabulary is Form.io's), one for each
column that the caller may read.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crud.presentation import Presentation
from sql.catalog import Column, Resource

# type → the component that edits it; a type that is not here is edited as a line of text.
COMPONENTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("integer", "bigint", "number", "decimal", "epoch_ms"), "number"),
        **dict.fromkeys(("text", "json", "array", "range"), "textarea"),
        **{"boolean": "checkbox", "enum": "select", "email": "email", "bytes": "file"},
        **{"date": "day", "time": "time", "datetime": "datetime", "datetime_local": "datetime"},
    }
)


def form_of(names: Presentation, resource: Resource) -> dict[str, object]:
    """The form of a table."""
    components = [component_of(name, column) for name, column in names.view(resource).columns.items()]
    return {"display": "form", "name": names.name(resource), "key": list(resource.key), "components": components}


def component_of(name: str, column: Column) -> dict[str, object]:
    """One column as a component. What the database fills by itself is not required."""
    filled = column.default is not None or column.auto is not None or column.generated
    made: dict[str, object] = {
        "type": COMPONENTS.get(column.type.name, "textfield"),
        "key": name,
        "label": name.replace("_", " ").strip().capitalize(),
        "input": True,
        "disabled": column.read_only or column.generated,
        "validate": {"required": not column.nullable and not filled},
    }
    if column.type.values:
        made["data"] = {"values": [{"label": word, "value": word} for word in column.type.values]}
    return made
