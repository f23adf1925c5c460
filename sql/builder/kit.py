"""What every room of the builder is given: the catalog, the backend, and names for the tables of one statement.

In: a resource. Out: a `Scope`, the resource under an alias of its own; fragments for its table and its joins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from sql.backend import Backend, Parameter
from sql.catalog import Catalog, Column, Only, Pairs, Relation, Resource, Table
from sql.errors import Unsupported
from sql.fragment import Fragment, ident, join, sql


@dataclass(frozen=True)
class Scope:
    """A resource in a statement, under its alias."""

    resource: Resource
    alias: str


@dataclass(frozen=True)
class Kit:
    """The tools of one statement. `backends`: those of the sources into which includes may lead. `mask`: the key of
    hashes (`sql.masking`)."""

    catalog: Catalog
    backend: Backend
    max_rows: int
    backends: Mapping[str, Backend] = field(default_factory=dict)
    mask: bytes = field(default=b"", repr=False)
    most_brought: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def fresh(self) -> "Kit":
        """The same tools for another statement: aliases begin anew."""
        return replace(self, numbers=count())

    def scope(self, resource: Resource) -> Scope:
        """The resource under the next alias."""
        return Scope(resource, f"t{next(self.numbers)}")

    def beyond(self, here: Scope, relation: Relation) -> bool:
        """Whether a relation leads into another database."""
        return self.catalog.target(relation).source != here.resource.source

    def there(self, here: Scope, relation: Relation) -> "Kit":
        """The tools of another statement, in the database that a relation leads to."""
        if not self.beyond(here, relation):
            return self.fresh()
        return replace(self.fresh(), backend=self.backends[self.catalog.target(relation).source])

    def target(self, here: Scope, relation: Relation) -> Scope:
        """The resource that a relation leads to, under the next alias. It must be in the same database. Raises
        Unsupported."""
        if self.beyond(here, relation):
            raise Unsupported(f"{relation.name!r} leads into another database")
        return self.scope(self.catalog.target(relation))

    def name(self, scope: Scope, column: str) -> Fragment:
        """A column, whole and quoted."""
        return ident(self.backend, scope.resource.column(column).name, under=scope.alias)

    def source(self, scope: Scope) -> Fragment:
        """The scope's table in a FROM."""
        return self.table(scope.resource.reads or scope.resource.table, scope.alias)

    def table(self, table: Table, alias: str) -> Fragment:
        """A table under an alias."""
        names = (table.name,) if table.schema is None else (table.schema, table.name)
        return sql("{} AS {}", ident(self.backend, *names), Fragment(alias))

    def link(self, near: Scope, far: Scope, pairs: Pairs) -> Fragment:
        """The condition that joins two scopes."""
        equal = [sql("{} = {}", self.name(far, there), self.name(near, here)) for here, there in pairs]
        return join(" AND ", equal)

    def follow(self, near: Scope, far: Scope, relation: Relation) -> Fragment:
        """The condition that joins the two ends of a relation without a junction."""
        said = [*self.only(near, relation.only), *self.only(far, relation.only_there)]
        return join(" AND ", [self.link(near, far, relation.columns), *said])

    def only(self, scope: Scope, values: Only) -> list[Fragment]:
        """Columns that have the values which a definition says."""
        return [self._equal(scope, scope.resource.column(name), value) for name, value in values]

    def _equal(self, scope: Scope, column: Column, value: object) -> Fragment:
        constant = Parameter(lambda _: value, column.type)
        return self.backend.compare("eq", self.backend.column(scope.alias, column), (constant,))
