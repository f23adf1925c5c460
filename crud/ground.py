"""What stored rules stand on: the catalog, and the names in which their rows may be written.

In: a snapshot. Out: `Ground`, which finds what a row names: collections, columns, relations, and the scope in which its
conditions are parsed. Exact names go before those of Baasix.
"""

from dataclasses import dataclass, field

from crud.definitions.settings import Limits
from crud.presentation import Presentation
from crud.snapshots.state import Snapshot
from crud.wire.exact import Constants, EitherNames
from crud.wire.paths import Scope
from sql.catalog import Catalog, Resource

STORED_NAMES = "baasix"  # the dialect in whose names rows may be written
EVERY = "*"


@dataclass(frozen=True)
class Ground:
    """What stored rules stand on."""

    catalog: Catalog
    names: Presentation
    limits: Limits = field(default_factory=Limits)

    def scope(self) -> Scope:
        """What their conditions are parsed in."""
        return Scope(EitherNames(self.names), self.catalog, Constants(), self.limits.list_items)

    def exact(self, collection: str) -> str | None:
        """The exact name of a collection; None where there is none."""
        found = self.catalog.resources.get(collection) or self.names.words.get(collection)
        return EVERY if collection == EVERY else found.name if found else None

    def about(self, exact: str) -> list[Resource]:
        """The resources of which a rule speaks. `*` does not speak of our own."""
        every = [resource for resource in self.catalog if not resource.system]
        return every if exact == EVERY else [self.catalog.resource(exact)]

    def column(self, resource: Resource, written: str) -> str | None:
        """The exact name of a column."""
        if written in resource.columns:
            return written
        found = self.names.view(resource).input(written)
        return found.name if found else None

    def relation(self, resource: Resource, written: str) -> str | None:
        """The exact name of a relation."""
        found = resource.relations.get(written) or self.names.view(resource).relation(written)
        return found.name if found else None


def ground_of(snapshot: Snapshot) -> Ground:
    """What stored rules stand on in a snapshot."""
    return Ground(snapshot.catalog, snapshot.presentations[STORED_NAMES], snapshot.config.limits)
