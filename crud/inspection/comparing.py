"""What tells two catalogs apart, name by name.

In: what was loaded twice. Out: the places that differ; nothing where both serve the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from crud.loader import Loaded
from sql.catalog import Resource


def differences(one: Loaded, other: Loaded) -> list[str]:
    """Every resource, attribute, column, relation or shown name that is not the same; our own tables left out."""
    mine, theirs = ({r.name: r for r in each.catalog if not r.system} for each in (one, other))
    found = [f"{name}: only once" for name in sorted(mine.keys() ^ theirs.keys())]
    for name in mine.keys() & theirs.keys():
        found += [f"{name}: {place}" for place in _resource(mine[name], theirs[name])]
    for dialect, presentation in one.presentations.items():
        names = {name: presentation.name(resource) for name, resource in mine.items() if name in theirs}
        others = {name: other.presentations[dialect].name(theirs[name]) for name in names}
        found += [f"{name}: its name in {dialect}" for name in names if names[name] != others[name]]
    return sorted(found)


def _resource(one: Resource, other: Resource) -> Iterator[str]:
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if isinstance(mine, Mapping):
            yield from (f"{each.name} {key}" for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
            if [*mine] != [*theirs]:
                yield f"the order of {each.name}"
        elif mine != theirs:
            yield each.name
