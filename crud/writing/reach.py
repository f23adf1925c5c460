"""How far one statement reaches: the resources whose rows it changes, itself or by what the database does of its own.

In: a change and the catalog. Out: names of resources; once per shape.
"""

from crud.snapshots.state import Snapshot
from sql.catalog import Catalog, Resource
from sql.commands import Change


def reached(snapshot: Snapshot, change: Change) -> frozenset[str]:
    """The resources that a change reaches."""
    found = snapshot.compiled.get(("reached", change), lambda: reach(snapshot.catalog, change))
    assert isinstance(found, frozenset)
    return found


def reach(catalog: Catalog, change: Change) -> frozenset[str]:
    """The same, found out. Rows that refer to a deleted row, or to a value that is replaced, may change with it."""
    resource = catalog.resource(change.resource)
    met: set[str] = {resource.name}
    if change.kind == "delete" or (change.kind == "update" and _referred(catalog, resource, change.columns)):
        _below(catalog, resource, met)
    return frozenset(met)


def _referred(catalog: Catalog, resource: Resource, columns: tuple[str, ...]) -> bool:
    """Whether others refer to some of these columns."""
    named = {there for _, link in catalog.children(resource) for _, there in link.columns}
    return not named.isdisjoint(columns)


def _below(catalog: Catalog, resource: Resource, met: set[str]) -> None:
    for child, link in catalog.children(resource):
        if link.enforced and child.name not in met:
            met.add(child.name)
            _below(catalog, child, met)
