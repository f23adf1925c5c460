"""Importing files of items: CSV and JSON, sent as forms.

In: a file and, where its rows need one, a tenant. Out: how many were imported, or what is wrong with which row, and
then nothing was written. Only here may a body be as long as `limits.import_bytes`; long files go to the disk while they
arrive, and are read row by row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from flask import Response, request
from werkzeug.datastructures import FileStorage

from crud.access.actor import ANONYMOUS
from crud.dialects.baasix.mounts import API
from crud.dialects.baasix.refusals import envelope
from crud.dialects.baasix.unknown import dropped
from crud.errors import ApiError, said
from crud.importing.cells import rows_from_csv
from crud.importing.documents import rows_from_json
from crud.importing.engine import import_rows
from crud.importing.rows import Bad, Imported, Numbered, RowError
from crud.presentation import View
from crud.web.dialect import answer, context, presentation, reader
from crud.web.request import open_for, settable
from crud.wire.bodies import bad_body
from sql.catalog import Column, Resource

FORM_BYTES = 100_000  # what a form needs besides its file
Rows = Iterator[Numbered | Bad]
Writable = Mapping[str, Column]


@dataclass(frozen=True)
class Form:
    """A kind of import: the field of its file, how the file is called and known, how it is read."""

    field: str
    word: str
    types: tuple[str, ...]
    read: Callable[[IO[bytes], View, Writable], Rows]


@API.blueprint.post("/<name>/import-csv")
def import_csv(name: str) -> Response:
    return _import(name, CSV)


@API.blueprint.post("/<name>/import-json")
def import_json(name: str) -> Response:
    return _import(name, JSON)


def _import(name: str, form: Form) -> Response:
    if context().actor is ANONYMOUS:
        raise ApiError("unauthorized", "Authentication required for import operations")
    resource = open_for("baasix", name, "create")
    reader().finish()
    most = context().snapshot.config.limits.import_bytes
    request.max_content_length = most + FORM_BYTES
    file = _file(form, most)
    tenant = _tenant(resource)
    view = presentation("baasix").view(resource)
    columns = {key: column for key, column in settable(resource, "create").items() if key != resource.tenant}
    return _report(view, import_rows(context(), resource, form.read(file.stream, view, columns), tenant=tenant))


def _file(form: Form, most: int) -> FileStorage:
    file = request.files.get(form.field)
    if file is None:
        raise ApiError("bad_body", f"No {form.word} file provided", parameter=form.field)
    if not (file.filename or "").lower().endswith(f".{form.word.lower()}") and file.mimetype not in form.types:
        raise ApiError("bad_body", f"File must be a {form.word} file", parameter=form.field)
    if file.stream.seek(0, 2) > most:
        raise ApiError("too_large", f"The file is longer than {most} bytes")
    file.stream.seek(0)
    return file


def _tenant(resource: Resource) -> str | None:
    """Whose the rows are. A caller of a tenant writes for it; who has none says for which one, where rows have one."""
    given, own = request.form.get("tenant") or None, context().actor.tenant
    if resource.tenant is None:
        return None
    if own is not None and given is not None and given.lower() != own.lower():
        raise ApiError("forbidden", "You can only import into your own tenant")
    if own is None and given is None:
        raise ApiError("bad_parameter", "tenant: is required to import into this collection", parameter="tenant")
    return own or given


# ---------------------------------------------------------------- files


def _read_csv(stream: IO[bytes], view: View, columns: Writable) -> Rows:
    """The rows, of which there must be one."""
    none = ApiError("bad_body", "CSV file is empty or has no valid data", parameter="csvFile")
    if not stream.read(64).removeprefix(b"\xef\xbb\xbf").strip():
        raise none
    stream.seek(0)
    rows = rows_from_csv(stream, view, columns, most_row=_most_row(), drop_unknown=dropped(view.resource))
    first = next(rows, None)
    if first is None:
        raise none
    return _with(first, rows)


def _with(first: Numbered | Bad, rows: Rows) -> Rows:
    yield first
    yield from rows


_NO_ARRAY = "JSON file must contain an array of objects"
_NO_OBJECT = bad_body("expected an object", "row").message


def _read_json(stream: IO[bytes], view: View, columns: Writable) -> Rows:
    try:
        rows = rows_from_json(stream, view, columns, most_row=_most_row(), drop_unknown=dropped(view.resource))
    except ApiError as error:
        raise ApiError("bad_body", error.message if "UTF-16" in error.message else _NO_ARRAY) from None
    return _objects(rows)


def _objects(rows: Rows) -> Rows:
    """What is no list of objects is told as such, not as a mistake of a row."""
    for each in rows:
        if isinstance(each, Bad) and each.message == _NO_OBJECT:
            raise ApiError("bad_body", _NO_ARRAY)
        if isinstance(each, Bad) and "valid JSON" in each.message:
            raise ApiError("bad_body", f"Invalid JSON format: row {each.number}: {each.message}")
        yield each


def _most_row() -> int:
    return context().snapshot.config.limits.import_row_bytes


CSV = Form("csvFile", "CSV", ("text/csv", "application/csv", "application/vnd.ms-excel"), _read_csv)
JSON = Form("jsonFile", "JSON", ("application/json",), _read_json)


# ---------------------------------------------------------------- answers


def _report(view: View, done: Imported) -> Response:
    """What became of the file."""
    errors = [_error(view, each) for each in done.errors]
    results = {"imported": done.imported, "failed": done.failed, "errors": errors}
    if not errors:
        message = f"Successfully imported {done.imported} items"
        return answer({"success": True, "message": message, "results": results})
    message = f"Import failed. {done.failed} rows had errors. Transaction rolled back."
    return answer(envelope(message, {"results": results}, 400), 400)


def _error(view: View, error: RowError) -> dict[str, object]:
    words = "; ".join(said(mistake, view.shown(mistake.field)) for mistake in error.mistakes)
    return {"row": error.number, "item": error.number, "data": error.data, "error": words or error.message}
