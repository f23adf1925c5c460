"""From a schema of Baasix to a definition.

In: a schema that has the shape, and the ends of other collections. Out: `whole_schema`, the schema with all that its
flags and relations bring, and `definition_of`, what the service keeps of it: an ordinary definition, which carries the
schema as it is read back.
"""

from collections.abc import Mapping
from typing import Any

from crud.dialects.baasix.schemas import flags, ways
from crud.dialects.baasix.schemas.documents import Written, columns, key_of, refused
from crud.dialects.baasix.schemas.fields import BadField, column
from crud.dialects.baasix.schemas.ways import Ends

Data = dict[str, Any]


def whole_schema(name: str, written: Written, ends: Ends) -> Written:
    """The schema with the fields and indexes that it implies: doing it again changes nothing. Raises ApiError."""
    return ways.linked(name, flags.whole(written), ends)


def definition_of(written: Written, ends: Ends, *, source: str) -> Data:
    """What a definition says of a collection with this whole schema. Raises ApiError."""
    if not key_of(written):
        raise refused([("schema.fields", "one field must be the primaryKey")])
    data: Data = {
        "fields": _fields(written, ways.references(written, ends, source=source)),
        "indexes": _indexes(written),
        "relations": ways.relations_of(written, ends, source=source),
        "dialects": {"baasix": {"schema": _kept(written)}},
    }
    if flags.on(written, "paranoid"):
        data["soft_delete"] = "deletedAt"
    if flags.on(written, "tenant"):
        data["tenant"] = "tenant_Id"
    if written.get("description"):
        data["description"] = written["description"]
    return {key: value for key, value in data.items() if value}


def _fields(written: Written, references: Mapping[str, Data]) -> dict[str, Data]:
    made, wrong = {}, []
    for name, field in columns(written).items():
        try:
            made[name] = column(field) | references.get(name, {}) | flags.stamped(written, name)
        except BadField as error:
            wrong.append((f"schema.fields.{name}.{error.key}", error.message))
    if wrong:
        raise refused(wrong)
    return made


def _indexes(written: Written) -> list[Data]:
    """Every field of an index is a column; a name is in use once."""
    made, wrong = [], []
    known = columns(written)
    for number, index in enumerate(written.get("indexes", [])):
        wrong += [
            (f"schema.indexes.{number}.fields", f"there is no column {name!r}")
            for name in index["fields"]
            if name not in known
        ]
        made.append({key: index[key] for key in ("name", "fields", "unique") if index.get(key)})
    if wrong:
        raise refused(wrong)
    return made


def _kept(value: Any) -> Any:
    """The schema as data that a definition can hold."""
    match value:
        case dict():
            return {name: _kept(each) for name, each in value.items()}
        case list():
            return [_kept(each) for each in value]
        case int() | float() | str() | bool() | None:
            return value
        case _:
            return float(value)


def schema_of(data: Mapping[str, Any]) -> Written | None:
    """The schema that a definition carries; None for one that came another way."""
    kept: Written | None = data.get("dialects", {}).get("baasix", {}).get("schema")
    return kept
