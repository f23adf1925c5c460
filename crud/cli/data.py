"""`flask data import` and `flask data export`: files of rows into a resource, and out of it.

In: a file or standard input, a resource. Out: rows in the database or in a file, a summary, mistakes with their rows.
Whoever can start these commands can read the database: they act as an administrator.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import AppGroup, with_appcontext

from crud import exporting
from crud.access.permissions import gate_for
from crud.cli.acting import administrator, refusals
from crud.cli.progress import Counted, watched
from crud.importing.cells import rows_from_csv
from crud.importing.documents import rows_from_json, rows_from_lines
from crud.importing.engine import import_rows
from crud.importing.rows import Bad, Imported, Numbered
from crud.presentation import Shown, Style, View
from crud.presenting import view_of
from crud.snapshots.state import Context, Snapshot
from sql.catalog import Column, Resource
from sql.errors import UnknownResource
from sql.query import Asked

data_commands = AppGroup("data", help="Import and export rows.")
ENDINGS = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}
NAMES = tuple(exporting.FORMATS)
FORMAT = click.option("--format", "form", type=click.Choice(NAMES), help="Default: by the file's name, else csv.")


@data_commands.command("import")
@click.argument("file", type=click.File("rb"))
@click.argument("resource")
@FORMAT
@click.option("--tenant", help="The tenant that the rows belong to.")
@click.option("--spreadsheet", is_flag=True, help="Take away the marks that an export puts before formulas (csv).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@with_appcontext
def import_file(
    file: BinaryIO, resource: str, *, form: str | None, tenant: str | None, spreadsheet: bool, as_json: bool
) -> None:
    """Write the rows of FILE (- is standard input) into RESOURCE: all of them, or none."""
    with refusals():
        context = administrator()
        found = find_resource(context.snapshot, resource)
        started = time.monotonic()
        with watched(file) as counted:
            rows = _rows(
                context, counted, found, form=_format(form, getattr(file, "name", "")), spreadsheet=spreadsheet
            )
            done = import_rows(context, found, rows, tenant=tenant)
    summary = _summary(found, done, time.monotonic() - started)
    click.echo(json.dumps(summary, ensure_ascii=False, default=str) if as_json else _said(done, summary))
    sys.exit(1 if done.failed else 0)


@data_commands.command("export")
@click.argument("resource")
@FORMAT
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
@click.option("--fields", help="Names of columns with commas between them. Default: all but computed ones.")
@click.option("--raw", is_flag=True, help="Leave texts as they are that a spreadsheet would take for formulas (csv).")
@with_appcontext
def export_file(resource: str, *, form: str | None, output: Path | None, fields: str | None, raw: bool) -> None:
    """Write all rows of RESOURCE, in the order of their key."""
    with refusals():
        context = administrator()
        view = neutral(find_resource(context.snapshot, resource))
        columns = _columns(view, fields)
        rows = exporting.stream(context, Asked(exporting.exported(view, tuple(columns.values()))))
        pieces = exporting.FORMATS[_format(form, str(output or ""))](rows, columns, raw=raw)
        with _opened(output) as file:
            for piece in pieces:
                file.write(piece)


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file, which is there only if all was written."""
    if output is None:
        yield sys.stdout.buffer
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "cannot be written") from error
    finally:
        part.unlink(missing_ok=True)


# ---------------------------------------------------------------- names


def find_resource(snapshot: Snapshot, name: str) -> Resource:
    """The resource of an exact name, or of one that it has in some dialect and that no dialect gives to another."""
    if name in snapshot.catalog.resources:
        return snapshot.catalog.resource(name)
    found = {resource.name: resource for resource in _known(snapshot, name)}
    if len(found) == 1:
        return next(iter(found.values()))
    words = {word for shown in snapshot.presentations.values() for word in shown.words}
    near = sorted(found) or get_close_matches(name, sorted(words | {*snapshot.catalog.resources}))
    raise _unknown(f"There is no resource {name!r}.", near)


def _unknown(text: str, near: Sequence[str]) -> click.ClickException:
    return click.ClickException(f"{text} Did you mean {', '.join(near)}?" if near else text)


def _known(snapshot: Snapshot, name: str) -> Iterator[Resource]:
    for shown in snapshot.presentations.values():
        try:
            yield shown.resource(name)
        except UnknownResource:
            continue


def neutral(resource: Resource) -> View:
    """The resource under its exact names, as no dialect shows it."""
    return view_of(resource, Shown(), Style(), name=resource.name)


def _columns(view: View, fields: str | None) -> dict[str, Column]:
    kept = [name for name, column in view.columns.items() if not column.generated]
    names = [name.strip() for name in fields.split(",")] if fields else kept
    for name in names:
        if name not in view.columns:
            raise _unknown(f"There is no field {name!r} in {view.name}.", get_close_matches(name, view.columns))
    return {name: view.columns[name] for name in names}


def _format(form: str | None, name: str) -> str:
    return form or ENDINGS.get(Path(name).suffix.lower(), "csv")


# ---------------------------------------------------------------- imports


def _rows(
    context: Context, file: Counted, resource: Resource, *, form: str, spreadsheet: bool
) -> Iterator[Numbered | Bad]:
    view, most = neutral(resource), context.snapshot.config.limits.import_row_bytes
    gate = gate_for(context.snapshot.policy, context.snapshot.catalog, context.actor)
    access = gate.granted(resource, "create")
    writable = {name: column for name, column in resource.columns.items() if name in access.columns}
    if form == "csv":
        return rows_from_csv(file, view, writable, most_row=most, spreadsheet=spreadsheet)
    return (rows_from_json if form == "json" else rows_from_lines)(file, view, writable, most_row=most)


def _summary(resource: Resource, done: Imported, seconds: float) -> dict[str, object]:
    errors = [
        {"row": each.number, "error": each.message, "fields": [mistake.field for mistake in each.mistakes]}
        for each in done.errors
    ]
    return {
        "resource": resource.name,
        "imported": done.imported,
        "failed": done.failed,
        "seconds": round(seconds, 3),
        "rows_per_second": round(done.imported / seconds) if seconds else 0,
        "errors": errors,
    }


def _said(done: Imported, summary: dict[str, object]) -> str:
    if not done.failed:
        speed = f"{summary['seconds']} s, {summary['rows_per_second']} rows/s"
        return f"{done.imported} rows were imported into {summary['resource']} ({speed})."
    lines = [f"row {error.number}: {error.message}" for error in done.errors]
    return "\n".join([*lines, f"Nothing was imported: {done.failed} rows are bad."])
