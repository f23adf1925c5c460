"""Names as one caller sees them: a hidden column or relation is not there.

In: the dialect's names and the caller's gate. Out: names for `reach`. Parsing against them answers a hidden field as an
unknown one before anything is said about its type, which a message about a wrong value would tell.
"""

from dataclasses import dataclass

from crud.conditions import MOST_STEPS
from crud.errors import bad_parameter
from crud.params import Names, Reached, Scope, Shown, reach
from crud.permissions import Gate
from sql.catalog import Column, Relation, Resource


def look(scope: Scope, resource: Resource, text: str, parameter: str) -> Reached:
    """Where a dotted name leads, if it is not too long a way."""
    if text.count(".") > MOST_STEPS:
        raise bad_parameter(parameter, f"a path of more than {MOST_STEPS} relations")
    return reach(scope, resource, text, parameter)


@dataclass(frozen=True)
class Sight:
    """All resources as the caller sees them."""

    names: Names
    gate: Gate

    def view(self, resource: Resource) -> "Glimpse":
        """One resource as the caller sees it."""
        return Glimpse(resource, self.names.view(resource), self.gate)


@dataclass(frozen=True)
class Glimpse:
    """One resource as the caller sees it."""

    resource: Resource
    shown: Shown
    gate: Gate

    def column(self, written: str) -> Column | None:
        """The column that is written so, where the caller may read it."""
        found = self.shown.column(written)
        return found if found is not None and found.name in self.gate.access(self.resource).columns else None

    def relation(self, written: str) -> Relation | None:
        """The relation that is written so, where the caller may follow it."""
        found = self.shown.relation(written)
        return found if found is not None and self.gate.leads(self.resource, found) else None
