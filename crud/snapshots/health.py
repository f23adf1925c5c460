"""How what is in force does: whether every database answers, whether this process serves what is in force.

In: the state of this process. Out: `Health`, and the figures of its connections.
"""

from dataclasses import dataclass
from time import perf_counter

from crud.errors import ApiError
from crud.snapshots.state import Snapshot, State
from sql.connections import Connections
from sql.database import Database
from sql.errors import SqlError

# What a database must answer to be one that can be read.
PROBES = {"sqlite": "SELECT count(*) FROM sqlite_schema", "postgres": "SELECT 1"}


@dataclass(frozen=True)
class Health:
    """What was found. `sources`: the milliseconds in which each database answered, None for one that did not."""

    sources: dict[str, float | None]
    definitions: bool
    resources: int

    @property
    def ready(self) -> bool:
        """Whether requests can be answered."""
        return self.definitions and self.resources > 0 and None not in self.sources.values()

    def words(self) -> dict[str, str]:
        """What anybody is told."""
        well = {
            "database": bool(self.sources) and None not in self.sources.values(),
            "definitions": self.definitions,
            "catalog": self.resources > 0,
        }
        return {"status": "ready" if self.ready else "not ready"} | {
            name: "ok" if good else "failed" for name, good in well.items()
        }


def health_of(state: State) -> Health:
    """How it stands now."""
    try:
        snapshot, definitions = state.current(), True
    except (SqlError, ApiError):
        snapshot, definitions = state.held, False
    return Health(_answers(snapshot), definitions, sum(1 for _ in snapshot.catalog))


def _answers(snapshot: Snapshot) -> dict[str, float | None]:
    """How fast each database answers. Sources that share one are asked once."""
    found: dict[int, float | None] = {}
    for database in snapshot.databases.values():
        if id(database) not in found:
            found[id(database)] = _answer(database)
    return {source: found[id(database)] for source, database in snapshot.databases.items()}


def _answer(database: Database) -> float | None:
    began = perf_counter()
    try:
        database.fetch(PROBES[database.backend.name])
    except SqlError:
        return None
    return round((perf_counter() - began) * 1000, 2)


def connections(snapshot: Snapshot) -> dict[str, Connections]:
    """How the connections to each database do. Sources that share one have the name of the first."""
    first: dict[int, tuple[str, Database]] = {}
    for source, database in snapshot.databases.items():
        first.setdefault(id(database), (source, database))
    return {source: database.connections() for source, database in first.values()}
