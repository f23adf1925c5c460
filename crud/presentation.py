"""How one dialect shows the catalog: names of resources, columns and relations, which are shown, the form of times.

In: the catalog and what definitions declare per dialect (`Shown`). Out: `Presentation` (all resources in one dialect)
and `View` (one resource): lookups from written to exact names when a dialect parses, and back when it renders.
It is one-to-one and is applied in dialects and nowhere else; permission and SQL know exact names only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from crud import naming
from sql.catalog import Catalog, Column, Relation, Resource
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


@dataclass(frozen=True)
class Declared:
    """What definitions say about names: aliases by resource, `Shown` by resource, the schemas that exist."""

    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, Shown]] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ()

    def of(self, resource: str, dialect: str) -> Shown:
        """What is declared of a resource in a dialect."""
        return self.shown.get(resource, {}).get(dialect, _NOTHING)


_NOTHING = Shown()


def present(dialect: str, catalog: Catalog, declared: Declared) -> Presentation:
    """The presentation of the catalog in a dialect; a dialect without a style shows everything as it is."""
    style = STYLES.get(dialect, Style())
    words = _Words(dialect, catalog, declared, style)
    words.collect()
    views = {r.name: view_of(r, declared.of(r.name, dialect), style, name=words.names[r.name]) for r in catalog}
    schemas = _schemas(catalog, dialect, declared)
    return Presentation(dialect, MappingProxyType(words.found), views, schemas, tuple(words.notes))


def view_of(resource: Resource, shown: Shown, style: Style, *, name: str) -> View:
    """One resource in one dialect."""
    columns, relations = _members(resource, shown)
    names = _member_names([c.name for c in columns], [r.name for r in relations], shown, style)
    return View(
        resource,
        name,
        columns=MappingProxyType({names[c.name]: c for c in columns if not c.write_only}),
        inputs=MappingProxyType({names[c.name]: c for c in columns}),
        relations=MappingProxyType({names[r.name]: r for r in relations}),
        times=shown.times,
        style=style,
    )


def meetings(resource: Resource, shown: Shown, style: Style) -> list[tuple[str, list[str]]]:
    """(shown name, exact names) wherever two members of a resource would be shown under one name."""
    columns, relations = _members(resource, shown)
    names = _member_names([c.name for c in columns], [r.name for r in relations], shown, style)
    groups: dict[str, list[str]] = {}
    for exact in [c.name for c in columns] + [r.name for r in relations]:
        groups.setdefault(names[exact], []).append(exact)
    return [(name, met) for name, met in groups.items() if len(met) > 1]


def _members(resource: Resource, shown: Shown) -> tuple[list[Column], list[Relation]]:
    wanted = resource.columns if shown.show is None else shown.show
    columns = [c for c in resource.columns.values() if c.name in wanted and c.name not in shown.hide]
    return columns, [r for r in resource.relations.values() if r.name not in shown.hide]


def _member_names(columns: list[str], relations: Iterable[str], shown: Shown, style: Style) -> dict[str, str]:
    """exact → shown for columns and relations: declared names win, a restyled name that meets one of them stays."""
    given = {**shown.relations, **shown.columns}
    free = [name for name in (*columns, *relations) if name not in given]
    styled = naming.restyled(free, style.column) if style.column else dict(zip(free, free, strict=True))
    taken = set(given.values())
    return {name: name if new in taken else new for name, new in styled.items()} | given


class _Words:
    """Which written name means which resource in one dialect, in the order of their rights: exact names go first."""

    def __init__(self, dialect: str, catalog: Catalog, declared: Declared, style: Style) -> None:
        self.dialect, self.catalog, self.declared, self.style = dialect, catalog, declared, style
        self.found: dict[str, Resource] = {}
        self.names: dict[str, str] = {}
        self.notes: list[str] = []

    def collect(self) -> None:
        own = [resource for resource in self.catalog if not resource.system]
        for resource in own:
            self._offer(resource, resource.name)
        for resource in own:
            self._declared_words(resource)
        self._customary_words(own)
        for resource in self.catalog:
            if resource.system:
                self._system_words(resource)

    def _offer(self, resource: Resource, word: str) -> bool:
        return self.found.setdefault(word, resource) is resource

    def _declared_words(self, resource: Resource) -> None:
        shown = self.declared.of(resource.name, self.dialect)
        named = shown.name if shown.name and self._offer(resource, shown.name) else None
        self.names[resource.name] = named or resource.name
        for alias in self.declared.aliases.get(resource.name, ()):
            if not self._offer(resource, alias):
                self.notes.append(f"{self.dialect}: the alias {alias} of {resource.name} is another resource's name")

    def _customary_words(self, own: list[Resource]) -> None:
        if not self.style.customary:
            return
        forms = {resource.name: self._customary(resource) for resource in own}
        met = Counter(forms.values())
        for resource in own:
            form = forms[resource.name]
            if met[form] > 1 or not self._offer(resource, form):
                self.notes.append(f"{self.dialect}: {form} is not offered for {resource.name}: it is shared")
            elif self.names[resource.name] == resource.name:
                self.names[resource.name] = form

    def _customary(self, resource: Resource) -> str:
        assert self.style.customary
        *schema, table = resource.name.rsplit(".", 1)
        return ".".join([*schema, self.style.customary(table)])

    def _system_words(self, resource: Resource) -> None:
        """Our own resources take the customary words that no table of the user has."""
        wanted = self.declared.of(resource.name, self.dialect).words
        last = f"system.{resource.entity}"
        for word in (*wanted, resource.entity, last):
            if self._offer(resource, word):
                self.names.setdefault(resource.name, word)
            elif word in wanted:
                self.notes.append(f"{self.dialect}: {word} is a table of yours, not our own {resource.entity}")


def _schemas(catalog: Catalog, dialect: str, declared: Declared) -> dict[str, Mapping[str, Resource]]:
    found: dict[str, dict[str, Resource]] = {name: {} for name in declared.namespaces}
    for resource in catalog:
        found.setdefault(resource.namespace, {}).setdefault(resource.entity or resource.name, resource)
    for resource in catalog:
        shown = declared.of(resource.name, dialect)
        others = [*declared.aliases.get(resource.name, ()), *([shown.name] if shown.name else []), *shown.words]
        for word in others:
            found[resource.namespace].setdefault(word, resource)
    return dict(found)
