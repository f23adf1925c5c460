"""Metal's selects, answered: read, or as they were kept where `cache` was asked.

In: what the parsers gave, of a GET or of a POST. Out: a table of rows, whose `metadata` says that it is kept, and until
when.
"""

import time

from flask import Response

from crud import service
from crud.dialects.metal import rendering
from crud.dialects.metal.parsing import Selection
from crud.service import Entry, Result
from crud.web.dialect import answer, context


def selected(schema: str, entity: str, wanted: Selection) -> Response:
    """The answer to a select."""
    found = _found(schema, entity, wanted)
    said = rendering.debugged(context().snapshot.catalog.resource(wanted.asked.query.resource))
    if isinstance(found, Result):
        return answer(rendering.table(schema, entity, found, kinds=wanted.kinds, said=said))
    age = str(max(0, int(time.time() - found.filled)))
    return answer(rendering.kept(schema, entity, found, kinds=wanted.kinds, said=said), headers={"Age": age})


def _found(schema: str, entity: str, wanted: Selection) -> Entry | Result:
    if not wanted.asked.cache:
        return service.read(context(), wanted.asked)
    said = {"schema": schema, "entity": entity, "request": wanted.said, "fields": wanted.kinds}
    return service.kept(context(), wanted.asked, said)
