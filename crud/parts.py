"""A resource on its way into the catalog, and whom it refers to.

In: what introspection found of a table, and its definition. Out: `Part`, and its `Draft`: links to parents, as the
database has them and as the definition says. What cannot be is a problem.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from crud import across
from crud.definitions.declared import ResourceDefinition
from crud.definitions.problems import Problem
from crud.relations.drafts import Draft, Link
from crud.resources import reference
from sql.catalog import Resource, Table
from sql.introspection import TableInfo

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Part:
    """One resource with its definition, if it has one."""

    resource: Resource
    info: TableInfo
    definition: ResourceDefinition | None = None


def draft_of(part: Part, parts: Mapping[str, Part], *, names: Names, problems: list[Problem]) -> Draft:
    """A resource without its relations. One that shares a table has those of its home."""
    if part.resource.shares:
        return Draft(part.resource)
    links = {link.columns: link for link in _found_links(part, parts)}
    for link in _declared_links(part, parts, names=names[part.resource.namespace], problems=problems):
        links[link.columns] = _said_over(link, links.get(link.columns))
    return Draft(part.resource, tuple(links.values()), part.definition.relations if part.definition else ())


def _said_over(said: Link, found: Link | None) -> Link:
    """A declared reference, with what the database says of the same one."""
    if found is None or found.parent != said.parent:
        return said
    return replace(said, on_delete=said.on_delete or found.on_delete, enforced=True)


def _found_links(part: Part, parts: Mapping[str, Part]) -> Iterator[Link]:
    order = list(part.resource.columns)
    for key in sorted(part.info.foreign_keys, key=lambda key: [order.index(name) for name in key.columns]):
        parent = _owner(key.target, part.resource, parts)
        pairs = tuple(zip(key.columns, key.target_columns, strict=False))
        if parent and pairs and all(there in parent.columns for _, there in pairs):
            yield Link(part.resource.name, parent.name, pairs, on_delete=key.on_delete, enforced=True)


def _owner(table: Table, child: Resource, parts: Mapping[str, Part]) -> Resource | None:
    """The resource over a table: of the child's own namespace if there are several."""
    owners = [p.resource for p in parts.values() if (p.resource.table, p.resource.source) == (table, child.source)]
    return min(owners, key=lambda owner: owner.namespace != child.namespace, default=None)


def _declared_links(
    part: Part, parts: Mapping[str, Part], *, names: Mapping[str, str], problems: list[Problem]
) -> Iterator[Link]:
    for said in part.definition.fields if part.definition else ():
        if said.references is None or said.name not in part.resource.columns:
            continue
        exact, column = reference(said.references, names)
        target = parts.get(exact)
        place = said.place / "references"
        if target is None:
            problems.append(Problem(f"there is no resource {said.references!r}", place, tuple(sorted(parts))))
        elif not column and len(target.resource.key) != 1:
            problems.append(Problem(f"{exact} has no single key column: say {exact}.column", place))
        elif column and column not in target.resource.columns:
            problems.append(Problem(f"{exact} has no column {column!r}", place, tuple(target.resource.columns)))
        else:
            pairs = ((said.name, column or target.resource.key[0]),)
            if wrong := across.refused(part.resource, target.resource, pairs, said.on_delete):
                problems.append(Problem(wrong, place))
            yield Link(part.resource.name, exact, pairs, said.relation, on_delete=(said.on_delete or "").upper())
