"""Xond's reads: a page of records, or one.

In: the request. Out: the answer, one record with its entity tag.
"""

from flask import Response

from crud import service
from crud.dialects.xond.answers import envelope, render_list, render_one
from crud.dialects.xond.mounts import API, grammar, opened
from crud.dialects.xond.parsing import parse_list, parse_one
from crud.web.dialect import answer, context, reader
from crud.web.request import tagged


@API.blueprint.get("/<name>")
def list_records(name: str) -> Response:
    """A page of records, or their count."""
    resource = opened(name)
    listing = parse_list(grammar(), resource, reader())
    return answer(render_list(service.read(context(), listing.asked), listing))


@API.blueprint.get("/<name>/<id>")
def get_record(name: str, id: str) -> Response:
    """One record by its key."""
    resource = opened(name)
    asked = parse_one(grammar(), resource, id, query=reader())
    row = render_one(service.read(context(), asked))
    return tagged(row, envelope(row))
