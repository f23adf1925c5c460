"""The routes under `/schemas`: the list, one schema, and its indexes and relationships.

In: requests of who is signed in (reading) and of administrators (writing). Out: `{"data": …}` and `{"message": …}`.
"""

from flask import Response

from crud.access.actor import ANONYMOUS
from crud.dialects.baasix.mounts import SCHEMAS
from crud.dialects.baasix.schemas import collections, documents, dropping, indexes, relationships
from crud.dialects.baasix.schemas.collections import Edit, edited
from crud.dialects.baasix.schemas.listing import read_listed
from crud.dialects.baasix.schemas.orphans import refuse_orphans
from crud.errors import ApiError
from crud.web.dialect import answer, context, reader
from crud.web.request import body_object
from sql.catalog import Resource

NOT_FOUND = "Schema not found"


@SCHEMAS.blueprint.get("")
def list_schemas() -> Response:
    _signed_in()
    asked = read_listed(reader())
    names = collections.names(context())
    mine = {names.name(each): each for each in context().snapshot.catalog if collections.readable(context(), each)}
    found = asked.of(list(mine))
    data = [_shown(name, mine[name]) for name in asked.cut(found)]
    return answer({"data": data, "totalCount": len(found), **asked.pagination(len(found))})


@SCHEMAS.blueprint.get("/<name>")
def one_schema(name: str) -> Response:
    _signed_in()
    reader().finish()
    resource = collections.find(context(), name)
    if resource is None or not collections.readable(context(), resource):
        raise ApiError("unknown_resource", NOT_FOUND)
    return answer({"data": _shown(collections.names(context()).name(resource), resource)})


@SCHEMAS.blueprint.post("")
def create_schema() -> Response:
    _administrators()
    name, written = documents.creation(body_object())
    return _changed(lambda shelf: shelf.add(name, written), "Schema created successfully", 201)


@SCHEMAS.blueprint.patch("/<name>")
def replace_schema(name: str) -> Response:
    _administrators()
    written = documents.replacement(body_object(), name)
    return _changed(lambda shelf: shelf.replace(name, written), "Schema updated successfully")


@SCHEMAS.blueprint.delete("/<name>")
def drop_schema(name: str) -> Response:
    _administrators()
    users = collections.users_of(context(), name)
    return _changed(lambda shelf: dropping.drop(shelf, name, users), "Schema deleted successfully")


# ---------------------------------------------------------------- parts of a schema


@SCHEMAS.blueprint.post("/<name>/indexes")
def add_index(name: str) -> Response:
    _administrators()
    body = body_object()
    return _changed(lambda shelf: indexes.add(shelf, name, body), "Index added successfully", 201)


@SCHEMAS.blueprint.delete("/<name>/indexes/<index>")
def remove_index(name: str, index: str) -> Response:
    _administrators()
    return _changed(lambda shelf: indexes.remove(shelf, name, index), "Index removed successfully")


@SCHEMAS.blueprint.post("/<name>/relationships")
def create_relationship(name: str) -> Response:
    _administrators()
    body = body_object()
    return _changed(lambda shelf: relationships.create(shelf, name, body), "Relationship created successfully", 201)


@SCHEMAS.blueprint.patch("/<name>/relationships/<field>")
def change_relationship(name: str, field: str) -> Response:
    _administrators()
    body = body_object()
    refuse_orphans(name, field, body.get("tables"))
    return _changed(lambda shelf: relationships.change(shelf, name, field, body), "Relationship updated successfully")


@SCHEMAS.blueprint.delete("/<name>/relationships/<field>")
def delete_relationship(name: str, field: str) -> Response:
    _administrators()
    return _changed(lambda shelf: relationships.delete(shelf, name, field), "Relationship deleted successfully")


# ---------------------------------------------------------------- what they share


def _shown(name: str, resource: Resource) -> dict[str, object]:
    return {"collectionName": name, "schema": collections.schema(context(), resource)}


def _changed(edit: Edit, message: str, status: int = 200) -> Response:
    edited(context(), edit)
    return answer({"message": message}, status)


def _signed_in() -> None:
    if context().actor is ANONYMOUS:
        raise ApiError("unauthorized", "Authentication required")


def _administrators() -> None:
    """Asked before anything of the request is read."""
    if not context().actor.admin:
        raise ApiError("forbidden", "Access denied. Administrators only.")
    reader().finish()
