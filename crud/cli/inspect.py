"""`flask db inspect`: the configuration of a database, made of what is there.

In: the database that the environment names, which is only read. Out: a `config.yml` on the terminal or in a file. It is
read back before it is given out: what it would change is told.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from crud.cli.giving import give
from crud.definitions.config import Config
from crud.definitions.document import MAX_BYTES, parse_document
from crud.definitions.problems import ConfigError
from crud.definitions.reading import config_of
from crud.definitions.settings import Source
from crud.evolution import records
from crud.evolution.made import table_as_made
from crud.evolution.records import Where
from crud.inspection.comparing import differences
from crud.inspection.found import Found, Read, find, with_own
from crud.inspection.writing import Setting, unreachable, write
from crud.loader import build
from crud.snapshots import startup
from sql.database import Database, Options
from sql.errors import DatabaseError
from sql.layout import Layout
from sql.opening import open_database

PUBLISHED = startup.HERE / "docs" / "schema" / "config.json"


@click.command("inspect")
@click.option("--source", "name", help="Which source of the configuration. Default: that of its default schema.")
@click.option("--output", type=click.Path(path_type=Path), help="The file to write. Default: the terminal.")
def inspect(*, name: str | None, output: Path | None) -> None:
    """Write a full, commented configuration of a database as it stands."""
    _refuse_emptied()
    try:
        config = startup.configuration()
        source = chosen(config, name)
        found = find(
            source, read(source, config.sources[config.server.system]), default_schema=config.server.default_schema
        )
        text = write(found, Setting(config, _schema_from(output), _system(config, source)))
        told = check(found, text, source)
    except (ConfigError, DatabaseError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    give(text, output)
    for line in told:
        click.echo(line, err=True)
    if told:
        raise SystemExit(1)


def _refuse_emptied() -> None:
    """`> config.yml` empties the file before it is read."""
    named = Path(os.environ.get("DRAGOMAN_CONFIG") or startup.HERE / "config.yml")
    alone = os.environ.get("DATABASE_URL") and not os.environ.get("DRAGOMAN_CONFIG")
    if not alone and named.is_file() and named.stat().st_size == 0:
        raise click.UsageError(f"{named} is empty: say --output {named.name}, which is written when all is known.")


def chosen(config: Config, name: str | None) -> Source:
    """The source to look at."""
    name = name or config.schemas[config.server.default_schema].source
    if name not in config.sources:
        raise click.UsageError(f"There is no source {name!r}; there are: {', '.join(config.sources)}.")
    if config.sources[name].folder:
        raise click.UsageError(f"{name!r} is a folder of files: its tables follow from the files as they are.")
    return config.sources[name]


def read(source: Source, home: Source) -> Read:
    """The tables of a database, and what is recorded of them at `home`. Nothing is written, and no file is made."""
    with _opened(source) as database:
        tables = database.tables(include_own=True)
        recorded = records.read(database) if home == source else _recorded_elsewhere(home)
        mine = {table: layout for (name, table), layout in recorded.items() if name == source.name}
        return Read(tuple(table_as_made(info, mine.get(info.table), database.backend) for info in tables), mine)


def _recorded_elsewhere(home: Source) -> Mapping[Where, Layout]:
    """The database of our own tables may not be there yet."""
    with suppress(DatabaseError), _opened(home) as database:
        return records.read(database)
    return {}


@contextmanager
def _opened(source: Source) -> Iterator[Database]:
    database = open_database(source.url, options=Options(busy_seconds=source.busy_seconds, read_only=True))
    try:
        yield database
    finally:
        database.close()


def check(found: Found, text: str, source: Source) -> list[str]:
    """What is not the same when the file is loaded."""
    if len(text.encode()) > MAX_BYTES:
        return [f"The file has more than {MAX_BYTES} bytes: a configuration cannot be that long."]
    variables = {"DATABASE_URL": source.url, "SYSTEM_URL": "sqlite:///system.sqlite"}
    config, problems = config_of(parse_document(text, variables))
    if config is None or problems:
        return [str(problem) for problem in problems]
    tables = tuple(found.tables.values())
    try:
        again = build(config, {source.name: found.tables, **with_own(config, tables)})
    except ConfigError as error:
        return str(error).splitlines()
    meant = {f"{r.name}: its name in {dialect}" for r in found.resources for dialect in unreachable(r)}
    return [f"differs when it is loaded: {each}" for each in differences(found.loaded, again) if each not in meant]


def _system(config: Config, source: Source) -> Source | None:
    return None if config.server.system == source.name else config.sources[config.server.system]


def _schema_from(output: Path | None) -> str:
    """The way from the file to the published schema."""
    return os.path.relpath(PUBLISHED, output.absolute().parent if output else Path.cwd())
