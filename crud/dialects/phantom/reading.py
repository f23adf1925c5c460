"""What Phantom answers to `GET`, and signing in.

In: requests. Out: `{"success": true, "data": …}`; one row carries its entity tag.
"""

from flask import Response, request

from crud import service
from crud.dialect import answer, context, open_resource, reader
from crud.dialects.phantom.definitions import definition_of
from crud.dialects.phantom.mounts import API, AUTH, limits, names
from crud.dialects.phantom.parameters import parse_list, parse_one
from crud.dialects.phantom.signing import parse_credentials, user_of
from crud.errors import ApiError
from crud.identity import doors
from crud.identity.brakes import braked
from crud.request import tagged


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


@AUTH.blueprint.post("/login")
@braked("sign_in")
def login() -> Response:
    """A token for an e-mail and a password, in the body and as a cookie."""
    signed = doors.sign_in(context().snapshot, *parse_credentials())
    response = answer({"success": True, "token": signed.token, "user": user_of(signed.account)})
    response.set_cookie(
        "token", signed.token, signed.expires_in, httponly=True, samesite="Strict", secure=request.is_secure
    )
    return response
