"""Sources in memory: SQLite files that the workers of a service have in common, and that end with it.

In: a source whose provider is `memory`, and the number of the connections that are in force. Out: its path; `prepare`
gives it the tables of its declared entities. They begin without rows but those of the sample: at the start of a
service, when the connections are made anew (a reload), and when their definitions are others than before.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.definitions.semantics import declared
from crud.definitions.settings import Source
from crud.evolution.applying import fill
from crud.evolution.targets import exact_of, survey
from crud.evolution.wanted import Wanted, wanted
from crud.staging import groups
from crud.system import PREFIX
from sql.database import Database, Session
from sql.ddl import create_table

MADE = f"{PREFIX}made"
CONNECTIONS = ""  # the name of the number under which everything was made
Databases = Mapping[str, Database]
_THERE = "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"


def path_of(config: Config, source: Source) -> Path:
    """Where a source is: services of other databases have others."""
    words = (config.sources[config.server.system].url, source.name)
    return groups.folder() / f"{sha256(repr(words).encode()).hexdigest()[:32]}.sqlite"


def prepare(config: Config, databases: Databases, connections: int) -> None:
    """Let every source in memory have the tables that are wanted. Raises ConfigError."""
    sources = [name for name, source in config.sources.items() if source.memory]
    every = _wanted(config, databases) if sources else ()
    for source in sources:
        mine = [each for each in every if each.definition.source == source]
        marks = {CONNECTIONS: str(connections), **dict(_marks(mine, databases[source]))}
        if _made(databases[source]) != marks:
            with databases[source].evolving() as session:
                _make(config, databases[source], session, mine, marks=marks)


def _wanted(config: Config, databases: Databases) -> tuple[Wanted, ...]:
    kinds = {name: database.backend.name for name, database in databases.items()}
    found = {name: {info.table: info for info in database.tables()} for name, database in databases.items()}
    laid_out = {exact_of(config, each) for each in declared(config) if each.fields}
    made = wanted(config, survey(config, found, laid_out), kinds)
    mine = tuple(each for each in made if config.sources[each.definition.source].memory)
    if problems := [problem for each in mine for problem in each.problems]:
        raise ConfigError(problems)
    return mine


def _marks(tables: Iterable[Wanted], database: Database) -> Iterator[tuple[str, str]]:
    """What tells that a table is laid out as it is wanted."""
    for each in tables:
        yield each.layout.table.name, "\n".join(create_table(each.layout, database.backend))


def _made(database: Database) -> dict[str, str]:
    """What the tables were made of; nothing where none were."""
    if MADE not in database.names():
        return {}
    return {str(name): str(mark) for name, mark in database.fetch(f"SELECT name, mark FROM {MADE}")}


def _make(
    config: Config, database: Database, session: Session, tables: list[Wanted], *, marks: Mapping[str, str]
) -> None:
    """Make what is wanted, unless another process was faster: all tables anew under other connections, else those that
    are declared."""
    before = _made(database)
    if before == marks:
        return
    same = before.get(CONNECTIONS) == marks[CONNECTIONS]
    _clear(database, session, {*before, *marks} - {CONNECTIONS} if same else None)
    session.execute(f"CREATE TABLE {MADE} (name TEXT PRIMARY KEY, mark TEXT)")
    for each in tables:
        for text in create_table(each.layout, database.backend):
            session.execute(text)
        fill(config, database, session, each)
    session.run_many(f"INSERT INTO {MADE} VALUES (?, ?)", [*marks.items()], returning=False)


def _clear(database: Database, session: Session, names: set[str] | None) -> None:
    """Drop these tables, or all of them, and what says how they were made."""
    for kind, name in session.fetch(_THERE):
        if names is None or name in names or name == MADE:
            session.execute(f"DROP {str(kind).upper()} {database.backend.ident(str(name))}")
