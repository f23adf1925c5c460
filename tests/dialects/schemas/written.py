"""Schemas as clients of Baasix write them, and the shelf that they stand on without a service."""

from collections.abc import Mapping
from typing import Any

from crud.definitions.config import Config
from crud.definitions.declared import SchemaDefinition
from crud.definitions.declared_schema import RESOURCE
from crud.definitions.document import Document
from crud.definitions.entities import read_resource
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.semantics import check_meaning
from crud.definitions.settings import Source
from crud.definitions.shapes import check_shape
from crud.dialects.baasix.schemas.documents import schema
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.dialects.baasix.schemas.ways import End

Data = Mapping[str, Any]
ID: Data = {"type": "Integer", "primaryKey": True, "defaultValue": {"type": "AUTOINCREMENT"}}
UUID: Data = {"type": "UUID", "primaryKey": True, "defaultValue": {"type": "UUIDV4"}}
USERS = End("_dragoman_users", ("id",), "UUID", own=False)


def collection(**fields: Data) -> dict[str, Any]:
    """A schema of an id and these fields."""
    return {"fields": {"id": ID, **fields}}


def shelf(**schemas: Data) -> Shelf:
    """A shelf with these schemas; `baasix_User` and `orders` are declared elsewhere."""
    others = {"baasix_User": USERS, "orders": End("orders", ("id",), "Integer", own=False)}
    made = Shelf({}, others.get, lambda name: "it is declared in config.yml" if name in others else None)
    for name, written in schemas.items():
        made.put(name, schema(dict(written)))
    return stored(made)


def stored(work: Shelf) -> Shelf:
    """The shelf as the next request finds it."""
    return Shelf(work.definitions(), work.others, work.declared, work.source)


def problems(definitions: Mapping[str, Data]) -> list[Problem]:
    """What is wrong with definitions, as far as it is known without a database."""
    found = [problem for data in definitions.values() for problem in check_shape(Document("", data), RESOURCE)]
    if found:
        return found
    entities = tuple(read_resource(data, Place(), entity=name) for name, data in definitions.items())
    sources = {"default": Source("default", "sqlite://")}
    return check_meaning(Config(schemas={"main": SchemaDefinition("main", entities=entities)}, sources=sources))
