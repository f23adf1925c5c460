"""How one dialect shows the catalog: names of resources, columns and relations, which are shown, the form of times.

In: the catalog and what definitions declare per dialect (`Shown`). Out: `Presentation` (all resources in one dialect)
and `View` (one resource): lookups from written to exact names when a dialect parses, and back when it renders.
It is one-to-one and is applied in dialects and nowhere else; permission and SQL know exact names only.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from crud import naming
from sql.catalog import Column, Relation, Resource
from sql.errors import UnknownResource
from sql.expressions import Path
from sql.query import Select

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Shown:
    """What a definition declares of one resource in one dialect. Names on the left are exact ones."""

    name: str | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: NONE)
    relations: Mapping[str, str] = field(default_factory=lambda: NONE)
    show: tuple[str, ...] | None = None
    hide: tuple[str, ...] = ()
    times: str = "iso"
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """How a dialect names things unless told otherwise.

    `customary` makes its form of a resource's name, `column` of a column's. `exact`: exact names of columns are
    understood too; `folded`: so is a name that fits one column when case is ignored.
    """

    customary: Callable[[str], str] | None = None
    column: Callable[[str], str] | None = None
    exact: bool = False
    folded: bool = False


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "phantom": Style(customary=naming.pascal_singular),
        "xond": Style(customary=naming.camel_singular, column=naming.camel, exact=True),
        "sonicjs": Style(),
        "metal": Style(folded=True),
        "baasix": Style(),
    }
)


@dataclass(frozen=True, eq=False)
class View:
    """One resource as one dialect shows it. `columns` can be read; `inputs` are those and the write-only ones; `masked`
    are those of `columns` that the caller can only read, and not compare."""

    resource: Resource
    name: str
    columns: Mapping[str, Column]
    inputs: Mapping[str, Column]
    relations: Mapping[str, Relation]
    times: str = "iso"
    style: Style = Style()
    masked: frozenset[str] = frozenset()

    def column(self, written: str) -> Column | None:
        """The column that is written so and can be compared, or None."""
        found = self.readable(written)
        return None if found is not None and found.name in self.masked else found

    def readable(self, written: str) -> Column | None:
        """The readable column that is written so, or None."""
        return self.columns.get(written) or self._others.get(written) or self._fold(written)

    def relation(self, written: str) -> Relation | None:
        """The relation that is written so, or None."""
        return self.relations.get(written) or (self._other_relations.get(written) if self.style.exact else None)

    def input(self, written: str) -> Column | None:
        """The column that a body's member of this name means, or None."""
        return self.inputs.get(written) or self.readable(written)

    def shown(self, exact: str) -> str:
        """How the column or relation of this exact name is written."""
        return self._names.get(exact, exact)

    def renamed(self, row: Mapping[str, object]) -> dict[str, object]:
        """A row of exact names as it is written."""
        return {self.shown(name): value for name, value in row.items()}

    def select(self, column: Column) -> Select:
        """The column as part of an answer, under its shown name and in the dialect's form of times."""
        return Select(Path(column.name), self.shown(column.name), self.form(column))

    def form(self, column: Column) -> str | None:
        """The wire form of the column's values: None, or `epoch_ms` for times of a dialect that counts them."""
        counted = self.times != "iso" and column.type.family == "datetime"
        return self.times if counted and column.name not in self.masked else None

    @cached_property
    def star(self) -> tuple[Select, ...]:
        """Every readable column, in order."""
        return tuple(self.select(column) for column in self.columns.values())

    @cached_property
    def _names(self) -> Mapping[str, str]:
        relations = {relation.name: name for name, relation in self.relations.items()}
        return relations | {column.name: name for name, column in self.inputs.items()}

    @cached_property
    def _others(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns.values()} if self.style.exact else {}

    @cached_property
    def _other_relations(self) -> Mapping[str, Relation]:
        return {relation.name: relation for relation in self.relations.values()}

    @cached_property
    def _folded(self) -> Mapping[str, Column]:
        met = Counter(name.lower() for name in self.columns)
        return {name.lower(): column for name, column in self.columns.items() if met[name.lower()] == 1}

    def _fold(self, written: str) -> Column | None:
        return self._folded.get(written.lower()) if self.style.folded else None


@dataclass(frozen=True, eq=False)
class Presentation:
    """One dialect over the whole catalog. `notes` are the customary names that could not be offered, for the log."""

    dialect: str
    words: Mapping[str, Resource]
    views: Mapping[str, View]
    schemas: Mapping[str, Mapping[str, Resource]]
    notes: tuple[str, ...] = ()

    def resource(self, name: str) -> Resource:
        """The resource that is written so: exact name, alias or customary form. Raises UnknownResource."""
        try:
            return self.words[name]
        except KeyError:
            raise UnknownResource(name) from None

    def name(self, resource: Resource) -> str:
        """How the dialect writes the resource."""
        return self.views[resource.name].name

    def view(self, resource: Resource) -> View:
        """The resource as the dialect shows it."""
        return self.views[resource.name]

    def entities(self, namespace: str) -> tuple[Resource, ...] | None:
        """The resources of a schema, or None where there is no such schema."""
        found = self.schemas.get(namespace)
        return None if found is None else tuple(dict.fromkeys(found.values()))

    def entity(self, namespace: str, entity: str) -> Resource:
        """The resource of a schema by its entity name. Raises UnknownResource."""
        try:
            return self.schemas[namespace][entity]
        except KeyError:
            raise UnknownResource(f"{namespace}.{entity}") from None


_NOTHING = Shown()


@dataclass(frozen=True)
class Declared:
    """What definitions say about names: aliases by resource, `Shown` by resource, the schemas that exist."""

    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, Shown]] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ()

    def of(self, resource: str, dialect: str) -> Shown:
        """What is declared of a resource in a dialect."""
        return self.shown.get(resource, {}).get(dialect, _NOTHING)
