"""What Phantom answers to `GET`.

In: requests. Out: `{"success": true, "data": …}`; one row carries its entity tag.
"""

from flask import Response

from crud import service
from crud.dialects.phantom.definitions import definition_of
from crud.dialects.phantom.mounts import API, limits, names
from crud.dialects.phantom.parameters import parse_list, parse_one
from crud.errors import ApiError
from crud.web.dialect import answer, context, open_resource, reader
from crud.web.request import tagged


@API.blueprint.get("/<name>")
def list_records(name: str) -> Response:
    """The rows of a resource."""
    resource = open_resource("phantom", name)
    asked = parse_list(names(), resource, reader(), limits=limits())
    return answer({"success": True, "data": service.read(context(), asked).rows})


@API.blueprint.get("/<name>/<key>")
def get_record(name: str, key: str) -> Response:
    """The row of a key."""
    resource = open_resource("phantom", name)
    rows = service.read(context(), parse_one(names(), resource, reader(), key=key)).rows
    if not rows:
        raise ApiError("missing_row", "Not found")
    return tagged(rows[0], {"success": True, "data": rows[0]})


@API.blueprint.get("/<name>/schema")
@API.blueprint.get("/schema/<name>")
def get_schema(name: str) -> Response:
    """The definition of a resource, under both names that clients read."""
    resource = open_resource("phantom", name)
    reader().finish()
    schema = definition_of(names(), context().snapshot.policy, resource)
    return answer({"success": True, "schema": schema, "data": schema})
