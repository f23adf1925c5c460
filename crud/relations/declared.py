"""Relations as definitions rename, replace and add them.

In: a `Derivation` with the derived ones, and a draft. Out: nothing; the relations are changed, and what a declared one
says that cannot be is a problem.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crud import across
from crud.definitions.declared import RelationDefinition
from crud.definitions.problems import Problem
from crud.relations.drafts import Derivation, Draft, Relations, turned
from sql.catalog import Pairs, Relation, Resource, Through
from sql.errors import BadValue
from sql.operators import SCALARS
from sql.values import coerce


def add_declared(work: Derivation, draft: Draft, names: Mapping[str, str]) -> None:
    """What is declared of the relations of a draft. `names`: written name → exact name."""
    owner = draft.resource
    for said in draft.declared:
        if said.name in owner.columns or (said.rename and said.rename in owner.columns):
            work.problems.append(Problem(f"a column of {owner.name} has this name already", said.place))
        elif said.rename:
            _rename(work, owner, said)
        else:
            made = _make(work, draft, said, names)
            if made:
                _replace(work.found[owner.name], made)
                _way_back(work, owner, made, said=said)


def _rename(work: Derivation, owner: Resource, said: RelationDefinition) -> None:
    mine = work.found[owner.name]
    if said.name not in mine:
        allowed = tuple(sorted(mine))
        work.problems.append(Problem(f"{owner.name} has no relation {said.name!r} to rename", said.place, allowed))
    elif said.rename in mine:
        work.problems.append(Problem(f"{owner.name} has a relation {said.rename!r} already", said.place / "rename"))
    elif said.rename:
        old = mine[said.name]
        renamed = replace(old, name=said.rename)
        work.found[owner.name] = {
            renamed.name if n == old.name else n: renamed if n == old.name else r for n, r in mine.items()
        }


def _replace(mine: Relations, made: Relation) -> None:
    """A declared relation takes the place of the derived one that leads the same way."""
    for name in [name for name, relation in mine.items() if _same(relation, made)]:
        del mine[name]
    mine[made.name] = made


def _way_back(work: Derivation, owner: Resource, made: Relation, *, said: RelationDefinition) -> None:
    """The same way from its other end, under the name that this end gives it."""
    if said.inverse is None:
        return
    target, mine = work.drafts[made.target].resource, work.found[made.target]
    way = _turned_way(owner, made, said.inverse)
    held = mine.get(said.inverse)
    if said.inverse in target.columns or (held and not _same(held, way)):
        work.problems.append(Problem(f"{target.name} has a {said.inverse!r} already", said.place / "inverse"))
    else:
        _replace(mine, way)


def _turned_way(owner: Resource, made: Relation, name: str) -> Relation:
    if made.through is not None:
        through = replace(made.through, near=turned(made.through.far), far=turned(made.through.near))
        return Relation(name, "to_many", owner.name, through=through)
    alone = made.kind == "to_many" or any(_identifies(owner, list(names)) for names in (made.near, made.links[0]))
    way = Relation(name, "to_one" if alone else "to_many", owner.name, turned(made.columns))
    return replace(way, only=made.only_there, only_there=made.only)


def _same(one: Relation, other: Relation) -> bool:
    """Whether two relations lead the same way, whatever they are called."""
    return replace(one, name="", kind="to_one") == replace(other, name="", kind="to_one")


def _make(work: Derivation, draft: Draft, said: RelationDefinition, names: Mapping[str, str]) -> Relation | None:
    if wrong := list(_unresolved(work, said, names)):
        work.problems += wrong
        return None
    target = work.drafts[names[said.target or ""]]
    if said.through:
        return _through(work, draft, target, said=said, middle=work.drafts[names[said.through]])
    pairs = said.columns or _only_way(work, draft, target, said=said)
    if pairs is None or not _columns_exist(work, pairs, draft.resource, target.resource, said=said):
        return None
    if refusal := across.refused(draft.resource, target.resource, pairs):
        work.problems.append(Problem(refusal, said.place / "target"))
    kind = said.kind or ("to_one" if _identifies(target.resource, [there for _, there in pairs]) else "to_many")
    made = Relation(said.name, "to_one" if kind == "to_one" else "to_many", target.resource.name, pairs)
    mine, theirs = draft.resource.columns, target.resource.columns
    if made.kind == "to_many" or all(name in theirs and name not in mine for name, _ in said.only):
        return replace(made, only_there=tuple(_only(work, target.resource, said)))
    return replace(made, only=tuple(_only(work, draft.resource, said)))


def _only(work: Derivation, resource: Resource, said: RelationDefinition) -> Iterator[tuple[str, object]]:
    """The values that columns of a link must have, as their types have them."""
    scalars = {name: column.type for name, column in resource.columns.items() if column.type.family in SCALARS}
    for name, value in said.only:
        place = said.place / "only" / name
        try:
            yield name, coerce(scalars[name], value)
        except KeyError:
            work.problems.append(Problem(f"{resource.name} has no column {name!r} to compare", place, tuple(scalars)))
        except BadValue as error:
            work.problems.append(Problem(str(error), place))


def _unresolved(work: Derivation, said: RelationDefinition, names: Mapping[str, str]) -> Iterator[Problem]:
    for key, name in (("target", said.target), ("through", said.through)):
        if name and names.get(name) not in work.drafts:
            yield Problem(f"there is no resource {name!r}", said.place / key, tuple(sorted(work.drafts)))


def _identifies(resource: Resource, columns: list[str]) -> bool:
    return set(columns) in [set(names) for names in (resource.key, *resource.uniques)]


def _only_way(work: Derivation, draft: Draft, target: Draft, *, said: RelationDefinition) -> Pairs | None:
    """The one foreign key between two resources, in either direction."""
    ways = [link.columns for link in draft.links if link.parent == target.resource.name]
    ways = ways or [turned(link.columns) for link in target.links if link.parent == draft.resource.name]
    if len(ways) == 1:
        return ways[0]
    message = "several foreign keys lead there" if ways else "no foreign key leads there"
    work.problems.append(Problem(f"{message}: say which columns", said.place, ("columns: {this: that}",)))
    return None


def _through(
    work: Derivation, draft: Draft, target: Draft, *, said: RelationDefinition, middle: Draft
) -> Relation | None:
    if across.apart(draft.resource, middle.resource, target.resource):
        work.problems.append(Problem("a junction and its two ends are in one source", said.place / "through"))
        return None
    near = said.near or turned(_side(middle, draft.resource))
    far = said.far or _side(middle, target.resource)
    if not near or not far:
        work.problems.append(Problem("say near and far: no single foreign keys lead there", said.place))
        return None
    if not _columns_exist(work, near, draft.resource, middle.resource, said=said):
        return None
    if not _columns_exist(work, far, middle.resource, target.resource, said=said):
        return None
    through = Through(middle.resource.table, middle.resource.name, near, far, tuple(_only(work, middle.resource, said)))
    return Relation(said.name, "to_many", target.resource.name, through=through)


def _side(middle: Draft, end: Resource) -> Pairs:
    ways = [link.columns for link in middle.links if link.parent == end.name]
    return ways[0] if len(ways) == 1 else ()


def _columns_exist(
    work: Derivation, pairs: Pairs, here: Resource, there: Resource, *, said: RelationDefinition
) -> bool:
    missing = [f"{here.name}.{name}" for name, _ in pairs if name not in here.columns]
    missing += [f"{there.name}.{name}" for _, name in pairs if name not in there.columns]
    work.problems += [Problem(f"there is no column {name}", said.place) for name in missing]
    return not missing
