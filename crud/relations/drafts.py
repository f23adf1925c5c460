"""Resources on their way to relations, and the relations found so far.

In: resources, their foreign keys, what is declared of their relations. Out: `Derivation`, to which relations are added
under names of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crud import naming
from crud.definitions.declared import RelationDefinition
from crud.definitions.problems import Problem
from sql.catalog import Pairs, Reference, Relation, Resource

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


def turned(pairs: Pairs) -> Pairs:
    """Pairs of columns as the other end has them."""
    return tuple((there, here) for here, there in pairs)
