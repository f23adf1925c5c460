"""Presentations are made: which written name means which resource, column and relation in one dialect.

In: the catalog and what definitions declare of names. Out: a `Presentation`, with the names that could not be offered;
for one resource its `View`, and the names that two of its members would have.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from crud import naming
from crud.presentation import STYLES, Declared, Presentation, Shown, Style, View
from sql.catalog import Catalog, Column, Relation, Resource


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
