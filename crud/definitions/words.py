"""The words of which the shapes of definitions are made: pieces of JSON Schema.

In: nothing. Out: small schemas, and functions that make schemas of others.
"""

from collections.abc import Mapping

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
NAMES: Schema = {"type": "array", "items": NAME}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 1}


def words(*allowed: str) -> Schema:
    """One of a list of words."""
    return {"type": "string", "enum": list(allowed)}


def shape(properties: Mapping[str, object], *required: str) -> Schema:
    """An object of these keys and no others."""
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}


def mapping(value: Schema, **more: object) -> Schema:
    """An object of any names to values of one schema."""
    return {"type": "object", "additionalProperties": value, "propertyNames": {"minLength": 1}, **more}
