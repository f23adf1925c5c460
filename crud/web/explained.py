"""What a read asks, instead of its answer, for whoever wanted it explained (`crud.web.explaining`).

In: the read, wherever a dialect came to it. Out: one JSON object, the same in all dialects.
"""

from flask import Flask, Response

from crud.dissection import dissected
from crud.errors import ApiError
from crud.service import Explained
from crud.web.dialect import answer
from crud.web.refusals import refused
from sql.errors import SqlError


def install(app: Flask) -> None:
    """Answer reads that are to be explained."""
    app.register_error_handler(Explained, _explained)


def _explained(read: Explained) -> Response:
    try:
        return answer(dissected(read.context, read.asked))
    except (ApiError, SqlError) as error:
        return refused(error)
