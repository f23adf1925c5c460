"""What a database holds on to, in plain Python: values that must be, uniques, references and what deletions do to them.

In: the tables of the model and rows in them. Out: the tables changed, or `Refused`.
"""

from collections.abc import Iterator

from sql.catalog import Reference, Resource
from tests.property.rows import STAMP, Refused, Row, Tables, alive, equal
from tests.property.tables import TABLES


def settled(tables: Tables, resource: Resource, rows: list[Row]) -> None:
    """The rows have values where they must, are unique, and refer to rows that exist."""
    for row in rows:
        if any(row[name] is None for name, c in resource.columns.items() if not c.nullable or name in resource.key):
            raise Refused("invalid")
    for row in rows:
        for unique in filter(None, (resource.key, *resource.uniques)):
            for other in tables[resource.name]:
                if other is not row and equal(resource, unique, other, row):
                    raise Refused("conflict")
        for link in resource.references:
            here, there = link.columns[0]
            targets = tables[link.target]
            if link.enforced and row[here] is not None and all(one[there] != row[here] for one in targets):
                raise Refused("conflict")


def unreferred(tables: Tables, resource: Resource, old: list[Row], new: list[Row]) -> None:
    """A key that others refer to cannot change."""
    for before, after in zip(old, new, strict=True):
        for child, link in TABLES.children(resource):
            (here, there), rows = link.columns[0], tables[child.name]
            if link.enforced and before[there] != after[there] and any(r[here] == before[there] for r in rows):
                raise Refused("conflict")


def go(tables: Tables, resource: Resource, rows: list[Row]) -> None:
    """Rows are deleted as their resource deletes, and what refers to them follows."""
    mark = resource.soft_delete
    if mark is not None:
        for row in rows:
            row[mark.column] = STAMP if mark.deleted is None else mark.deleted
        for child, link in TABLES.children(resource):
            _follow(tables, child, link, rows, soft=True)
        return
    for child, link in TABLES.children(resource):
        if not link.enforced:
            _follow(tables, child, link, rows, soft=False)
    _removed(tables, resource, rows)


def _follow(tables: Tables, child: Resource, link: Reference, gone: list[Row], *, soft: bool) -> None:
    here, _ = link.columns[0]
    rows = [row for row in _referring(tables[child.name], link, gone) if alive(child, row)]
    match link.on_delete:
        case "CASCADE" if rows:
            go(tables, child, rows)
        case "SET NULL":
            for row in rows:
                row[here] = None
        case "RESTRICT" if rows:
            raise Refused("conflict")


def _removed(tables: Tables, resource: Resource, rows: list[Row]) -> None:
    """As foreign keys have it: the rows and all that cascades are gone, then the other references are looked at."""
    gone: list[tuple[Resource, list[Row]]] = [(resource, rows)]
    for parent, going in gone:
        table = tables[parent.name]
        tables[parent.name] = [row for row in table if all(row is not one for one in going)]
        for child, link in _enforced(parent):
            if link.on_delete == "CASCADE" and (more := _referring(tables[child.name], link, going)):
                gone.append((child, more))
    for parent, going in gone:
        for child, link in _enforced(parent):
            left = _referring(tables[child.name], link, going)
            if left and link.on_delete != "SET NULL":
                raise Refused("conflict")
            for row in left:
                row[link.columns[0][0]] = None


def _enforced(parent: Resource) -> Iterator[tuple[Resource, Reference]]:
    return ((child, link) for child, link in TABLES.children(parent) if link.enforced)


def _referring(rows: list[Row], link: Reference, gone: list[Row]) -> list[Row]:
    here, there = link.columns[0]
    values = [row[there] for row in gone if row[there] is not None]
    return [row for row in rows if row[here] in values]
