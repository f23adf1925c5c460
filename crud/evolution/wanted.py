"""The tables that definitions want: a layout for each declared resource whose fields say what its columns are.

In: a `Config` and what references lead to (`Known`). Out: `Wanted`s, parents first, with what is wrong. Definitions
alone decide: two databases of the same configuration are laid out alike, whatever they were before.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crud import system
from crud.definitions.config import Config
from crud.definitions.declared import FieldDefinition, IndexDefinition, ResourceDefinition
from crud.definitions.problems import Problem
from crud.definitions.semantics import declared
from crud.evolution.targets import Known, exact_of
from crud.resources import planned, uniques_of
from sql.catalog import LONGEST_NAME, Column, Resource, Table
from sql.introspection import ForeignKey, Index
from sql.layout import Layout, layout_of
from sql.parts import name_of
from sql.types import STRING


@dataclass(frozen=True, eq=False)
class Wanted:
    """A table as its definition wants it. `problems`: why it cannot be made."""

    exact: str
    definition: ResourceDefinition
    layout: Layout
    problems: tuple[Problem, ...] = ()

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.layout.columns}

    @property
    def renamed(self) -> Mapping[str, str]:
        """What columns were called, by what they are called."""
        return {said.name: said.renamed_from for said in self.definition.fields if said.renamed_from}


def wanted(config: Config, known: Known, backends: Mapping[str, str]) -> tuple[Wanted, ...]:
    """The layouts of all definitions with fields, parents first; of several over one table, that of the first.

    `backends`: the kind of each source.
    """
    first = {(d.source, d.table): d for d in reversed(declared(config)) if d.fields}
    return _laid_out(config, [d for d in declared(config) if first.get((d.source, d.table)) is d], known, backends)


def own(config: Config, known: Known, backends: Mapping[str, str]) -> tuple[Wanted, ...]:
    """The layouts of our own resources."""
    return _laid_out(config, system.definitions(config), known, backends)


def _laid_out(
    config: Config, definitions: Iterable[ResourceDefinition], known: Known, backends: Mapping[str, str]
) -> tuple[Wanted, ...]:
    done: set[tuple[str, Table]] = set()
    made: list[Wanted] = []
    for definition in _parents_first(config, definitions, known):
        made.append(_wanted(config, definition, known, backends=backends, done=done))
        done.add((definition.source, made[-1].layout.table))
    return tuple(made)


def _wanted(
    config: Config,
    definition: ResourceDefinition,
    known: Known,
    *,
    backends: Mapping[str, str],
    done: set[tuple[str, Table]],
) -> Wanted:
    problems: list[Problem] = []
    exact = exact_of(config, definition)
    columns = columns_of(definition, known, problems)
    table = known.targets[exact].table if exact in known.targets else Table(definition.table)
    resource = Resource(exact, table, columns, definition.key, uniques=uniques_of(definition))
    problems += _unknown(definition, columns)
    problems += _unfit_names(definition, backends.get(definition.source, ""))
    references = tuple(_references(definition, table, known, done=done))
    indexes = tuple(_index(table, index) for index in definition.indexes)
    kind = backends.get(definition.source, "sqlite")
    layout = layout_of(resource, references=references, indexes=indexes, backend=kind)
    return Wanted(exact, definition, layout, tuple(problems))


def columns_of(definition: ResourceDefinition, known: Known, problems: list[Problem]) -> Mapping[str, Column]:
    """The columns of a definition's table; one that refers to nothing that is known is a text."""
    usual = {said.name: STRING for said in definition.fields if said.references}
    columns = planned(definition, {**usual, **known.types(definition)}, problems)
    return MappingProxyType({column.name: column for column in columns})


def _references(
    definition: ResourceDefinition, table: Table, known: Known, *, done: set[tuple[str, Table]]
) -> Iterator[ForeignKey]:
    """The constraints. A reference in a circle has none where its table comes before that which it leads to."""
    for said in definition.fields:
        found = known.constraint(definition, said) if said.references else None
        if found is not None:
            target, column = found
            made_before = target.definition is None or target.table == table or target.namespace == "system"
            if made_before or (target.source, target.table) in done:
                yield ForeignKey((said.name,), target.table, (column,), (said.on_delete or "no action").upper())


def _index(table: Table, index: IndexDefinition) -> Index:
    mark = ("unique",) if index.unique else ()
    return Index(index.name or name_of("index", table, (*index.fields, *mark)), index.fields, index.unique)


def _parents_first(
    config: Config, definitions: Iterable[ResourceDefinition], known: Known
) -> Iterator[ResourceDefinition]:
    making = {exact_of(config, definition): definition for definition in definitions}
    seen: set[str] = set()

    def visit(exact: str) -> Iterator[ResourceDefinition]:
        if exact in seen or exact not in making:
            return
        seen.add(exact)
        for said in making[exact].fields:
            found = known.constraint(making[exact], said) if said.references else None
            yield from visit(found[0].exact) if found else ()
        yield making[exact]

    for exact in making:
        yield from visit(exact)


# ---------------------------------------------------------------- what cannot be made


def _unknown(definition: ResourceDefinition, columns: Mapping[str, Column]) -> Iterator[Problem]:
    """Keys, uniques and indexes over columns that the definition does not have."""
    at = definition.place
    named = [(definition.key, at / "key")]
    named += [(names, at / "unique" / number) for number, names in enumerate(definition.uniques)]
    named += [(index.fields, index.place / "fields") for index in definition.indexes]
    named += [((definition.tenant,), at / "tenant")] if definition.tenant else []
    for names, place in named:
        for name in names:
            if name not in columns:
                yield Problem(f"there is no field {name!r}", place, tuple(columns))


def _unfit_names(definition: ResourceDefinition, backend: str) -> Iterator[Problem]:
    """Names that the database would cut, or take for one another."""
    names = [(definition.table, definition.place / "table")]
    names += [(said.name, said.place) for said in definition.fields]
    names += [(index.name, index.place / "name") for index in definition.indexes]
    folded = Counter(_folded(said) for said in definition.fields)
    for name, place in names:
        if "\x00" in name:
            yield Problem("a name cannot hold NUL", place)
        if backend == "postgres" and len(name.encode()) > LONGEST_NAME:
            yield Problem(f"{name!r} is longer than the {LONGEST_NAME} bytes that PostgreSQL keeps of a name", place)
    for said in definition.fields if backend == "sqlite" else ():
        if folded[_folded(said)] > 1:
            yield Problem(f"SQLite takes {said.name!r} for another column that differs in case only", said.place)


def _folded(said: FieldDefinition) -> str:
    """SQLite ignores the case of ASCII in names."""
    return said.name.encode().lower().decode(errors="surrogateescape")
