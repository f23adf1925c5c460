"""The ways between resources: derived from foreign keys, then as definitions rename, replace and add them.

In: resources without relations, each with its foreign keys and its definition (`Draft`). Out: relations by resource.
Derived names are those of `crud.naming`; what a declared relation says that cannot be is a problem.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from crud import across, naming
from crud.definitions.config import RelationDefinition
from crud.definitions.problems import Problem
from sql.catalog import Pairs, Reference, Relation, Resource, Through
from sql.errors import BadValue
from sql.operators import SCALARS
from sql.values import coerce

Relations = dict[str, Relation]


@dataclass(frozen=True)
class Link:
    """A foreign key between two resources. `name` is a declared name of the to-one relation.

    `on_delete`: in SQL's words, "" where it was not said. `enforced`: the database has the constraint.
    """

    child: str
    parent: str
    columns: Pairs
    name: str | None = None
    on_delete: str = ""
    enforced: bool = False

    @property
    def reference(self) -> Reference:
        """The link as the catalog keeps it."""
        return Reference(self.columns, self.parent, self.on_delete or "NO ACTION", self.enforced)


@dataclass(frozen=True)
class Draft:
    """A resource on its way: without relations, with its links to parents and what is declared of its relations."""

    resource: Resource
    links: tuple[Link, ...] = ()
    declared: tuple[RelationDefinition, ...] = ()


@dataclass
class Derivation:
    """All drafts, and the relations found so far."""

    drafts: Mapping[str, Draft]
    found: dict[str, Relations] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, owner: str, wanted: str, relation: Relation) -> None:
        """Add a relation under the wanted name, or `…_rel` where a column or a relation has it."""
        mine = self.found[owner]
        name = naming.distinct(wanted, {*self.drafts[owner].resource.columns, *mine})
        mine[name] = replace(relation, name=name)


def word(resource: Resource) -> str:
    """The part of a resource's name that relation names are made of."""
    return resource.entity or resource.name.rpartition(".")[2]


def derive(
    drafts: Mapping[str, Draft], resolve: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Relations], list[Problem]]:
    """The relations of every resource. `resolve`: namespace → written name → exact name."""
    work = Derivation(drafts, {name: {} for name in drafts})
    for draft in drafts.values():
        _to_one(work, draft)
    for draft in drafts.values():
        _to_many(work, draft)
    for draft in drafts.values():
        _across(work, draft)
    for draft in drafts.values():
        _declared(work, draft, resolve[draft.resource.namespace])
    return work.found, work.problems


def _to_one(work: Derivation, draft: Draft) -> None:
    for link in draft.links:
        wanted = link.name or to_one_name(link, work.drafts[link.parent].resource)
        work.add(link.child, wanted, Relation("", "to_one", link.parent, link.columns))


def to_one_name(link: Link, parent: Resource) -> str:
    """The derived name of a to-one relation; a composite key is named after its target."""
    columns = [here for here, _ in link.columns]
    if len(columns) > 1:
        return naming.singular(naming.underscored(word(parent)))
    return naming.to_one_name(columns, word(parent))


def _to_many(work: Derivation, draft: Draft) -> None:
    ways = Counter(link.parent for link in draft.links)
    for link in draft.links:
        wanted = naming.to_many_name(word(draft.resource))
        if ways[link.parent] > 1:
            wanted = naming.by(wanted, _own_name(work, link))
        work.add(link.parent, wanted, Relation("", "to_many", link.child, _turned(link.columns)))


def _own_name(work: Derivation, link: Link) -> str:
    return next(
        name
        for name, relation in work.found[link.child].items()
        if (relation.kind, relation.target, relation.columns) == ("to_one", link.parent, link.columns)
    )


def _turned(pairs: Pairs) -> Pairs:
    return tuple((there, here) for here, there in pairs)


def _across(work: Derivation, draft: Draft) -> None:
    """Many-to-many through a junction table, seen from both ends; all of it in one source."""
    pair = junction(draft)
    if pair is None or across.apart(draft.resource, *(work.drafts[link.parent].resource for link in pair)):
        return
    for near, far in (pair, pair[::-1]):
        target = work.drafts[far.parent].resource
        wanted = naming.to_many_name(word(target))
        if near.parent == far.parent:
            wanted = naming.by(wanted, _own_name(work, far))
        elif wanted in work.found[near.parent]:
            wanted = naming.by(wanted, naming.singular(naming.underscored(word(draft.resource))))
        through = Through(draft.resource.table, draft.resource.name, _turned(near.columns), far.columns)
        work.add(near.parent, wanted, Relation("", "to_many", target.name, through=through))


def junction(draft: Draft) -> tuple[Link, Link] | None:
    """The two links of a junction table: together they are its key, or a unique of it."""
    keys = [set(names) - {draft.resource.tenant} for names in (draft.resource.key, *draft.resource.uniques)]
    for index, left in enumerate(draft.links):
        for right in draft.links[index + 1 :]:
            mine, other = {here for here, _ in left.columns}, {here for here, _ in right.columns}
            if not mine & other and (mine | other) in keys:
                return left, right
    return None


# ---------------------------------------------------------------- what is declared


def _declared(work: Derivation, draft: Draft, names: Mapping[str, str]) -> None:
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
        through = replace(made.through, near=_turned(made.through.far), far=_turned(made.through.near))
        return Relation(name, "to_many", owner.name, through=through)
    alone = made.kind == "to_many" or any(_identifies(owner, list(names)) for names in (made.near, made.links[0]))
    way = Relation(name, "to_one" if alone else "to_many", owner.name, _turned(made.columns))
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
    ways = ways or [_turned(link.columns) for link in target.links if link.parent == draft.resource.name]
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
    near = said.near or _side(middle, draft.resource, turned=True)
    far = said.far or _side(middle, target.resource, turned=False)
    if not near or not far:
        work.problems.append(Problem("say near and far: no single foreign keys lead there", said.place))
        return None
    if not _columns_exist(work, near, draft.resource, middle.resource, said=said):
        return None
    if not _columns_exist(work, far, middle.resource, target.resource, said=said):
        return None
    through = Through(middle.resource.table, middle.resource.name, near, far, tuple(_only(work, middle.resource, said)))
    return Relation(said.name, "to_many", target.resource.name, through=through)


def _side(middle: Draft, end: Resource, *, turned: bool) -> Pairs:
    ways = [link.columns for link in middle.links if link.parent == end.name]
    if len(ways) != 1:
        return ()
    return _turned(ways[0]) if turned else ways[0]


def _columns_exist(
    work: Derivation, pairs: Pairs, here: Resource, there: Resource, *, said: RelationDefinition
) -> bool:
    missing = [f"{here.name}.{name}" for name, _ in pairs if name not in here.columns]
    missing += [f"{there.name}.{name}" for _, name in pairs if name not in there.columns]
    work.problems += [Problem(f"there is no column {name}", said.place) for name in missing]
    return not missing
