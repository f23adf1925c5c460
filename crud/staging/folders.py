"""A folder of files, staged: all of them in a new database, or none.

In: a source whose provider is `files`, the configuration. Out: the place of a SQLite file with a table for each file;
the `stamp` of a folder tells that its files are others than before.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from crud.definitions.config import Config
from crud.definitions.declared import ResourceDefinition
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.semantics import declared
from crud.definitions.settings import Source
from crud.places import Place, new_place
from crud.staging.sheets import KINDS, Sheet, Unreadable, read
from crud.system import PREFIX
from sql.backend import Backend, Parameter
from sql.catalog import Column, Table
from sql.database import Session
from sql.ddl import create_table
from sql.fragment import Binder, Bindings
from sql.layout import Layout
from sql.opening import open_database

Stamp = tuple[tuple[str, int, int], ...]


def folder_of(config: Config, source: Source) -> Path:
    """Where the files are: beside the configuration, unless the path is absolute."""
    return Path(config.file or ".").parent / source.folder


def files_in(folder: Path) -> list[Path]:
    """The files of a folder that are tables."""
    return sorted(file for file in folder.glob("*") if file.suffix in KINDS and not file.name.startswith("."))


def stamp(config: Config) -> Stamp:
    """What tells that the files of the configuration's folders are others than before."""
    folders = [folder_of(config, source) for source in config.sources.values() if source.folder]
    return tuple(_seen(file) for folder in folders for file in files_in(folder))


def _seen(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), found.st_mtime_ns, found.st_size


def stage(config: Config, source: Source) -> Place:
    """The place of a database with the files. Raises ConfigError with every file that is no table."""
    folder, at = folder_of(config, source), config.place / "sources" / source.name / "options" / "folder"
    if not folder.is_dir():
        raise ConfigError([Problem(f"{str(folder)!r} is not a directory", at)])
    known = {each.table: each for each in declared(config) if each.source == source.name}
    problems: list[str] = []
    sheets = [*_sheets(config, files_in(folder), known, problems)]
    if problems:
        raise ConfigError([Problem(said, at) for said in problems])
    place = new_place("staged.sqlite")
    try:
        _fill(f"sqlite:///{place.path}", sheets, known)
    except BaseException:
        place.remove()
        raise
    return place


def _sheets(
    config: Config, files: list[Path], known: Mapping[str, ResourceDefinition], problems: list[str]
) -> Iterator[Sheet]:
    met: set[str] = set()
    for file in files:
        fields = known[file.stem].fields if file.stem in known else ()
        types = {said.name: said.type for said in fields if said.type}
        try:
            if file.stem.lower() in met or file.stem.lower().startswith((PREFIX, "sqlite_")):
                raise Unreadable("another file has this name, or it is one of ours")
            met.add(file.stem.lower())
            yield read(file, types, config.limits)
        except Unreadable as error:
            problems.append(f"{file.name}: {error}")


def _fill(url: str, sheets: list[Sheet], known: Mapping[str, ResourceDefinition]) -> None:
    database = open_database(url)
    try:
        with database.evolving() as session:
            for sheet in sheets:
                definition = known.get(sheet.name)
                key = definition.key if definition and definition.key else ("id",) if sheet.unique("id") else ()
                _table(session, database.backend, sheet, key)
    finally:
        database.close()


def _table(session: Session, backend: Backend, sheet: Sheet, key: tuple[str, ...]) -> None:
    have = {column.name for column in sheet.columns}
    layout = Layout(Table(sheet.name), sheet.columns, key if have >= {*key} else ())
    for text in create_table(layout, backend):
        session.execute(text)
    marks = ", ".join("?" * len(sheet.columns))
    binders = [_binder(backend, column, place) for place, column in enumerate(sheet.columns)]
    rows = [tuple(bind(Bindings(row=row)) for bind in binders) for row in sheet.rows]
    session.run_many(f"INSERT INTO {backend.ident(sheet.name)} VALUES ({marks})", rows, returning=False)


def _binder(backend: Backend, column: Column, place: int) -> Binder:
    return backend.assign(column, Parameter(lambda bindings: bindings.row[place], column.type)).params[0]
