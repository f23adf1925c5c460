"""Relations that foreign keys give: to one, to many, and across a junction table.

In: a `Derivation` and a draft. Out: nothing; the relations are added, under the names of `crud.naming`.
"""

from collections import Counter

from crud import across, naming
from crud.relations.drafts import Derivation, Draft, Link, turned, word
from sql.catalog import Relation, Resource, Through


def add_to_one(work: Derivation, draft: Draft) -> None:
    """The way along each foreign key."""
    for link in draft.links:
        wanted = link.name or to_one_name(link, work.drafts[link.parent].resource)
        work.add(link.child, wanted, Relation("", "to_one", link.parent, link.columns))


def to_one_name(link: Link, parent: Resource) -> str:
    """The derived name of a to-one relation; a composite key is named after its target."""
    columns = [here for here, _ in link.columns]
    if len(columns) > 1:
        return naming.singular(naming.underscored(word(parent)))
    return naming.to_one_name(columns, word(parent))


def add_to_many(work: Derivation, draft: Draft) -> None:
    """The way back along each foreign key."""
    ways = Counter(link.parent for link in draft.links)
    for link in draft.links:
        wanted = naming.to_many_name(word(draft.resource))
        if ways[link.parent] > 1:
            wanted = naming.by(wanted, _own_name(work, link))
        work.add(link.parent, wanted, Relation("", "to_many", link.child, turned(link.columns)))


def _own_name(work: Derivation, link: Link) -> str:
    return next(
        name
        for name, relation in work.found[link.child].items()
        if (relation.kind, relation.target, relation.columns) == ("to_one", link.parent, link.columns)
    )


def add_across(work: Derivation, draft: Draft) -> None:
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
        through = Through(draft.resource.table, draft.resource.name, turned(near.columns), far.columns)
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
