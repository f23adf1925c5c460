"""A dialect's names as one caller sees them: a hidden column or relation is not there.

In: a `Scope` and the `Context` of the caller. Out: the same scope with narrower names. What is parsed with them
answers a hidden field as an unknown one before anything is said of its type or of a later parameter, which would tell
that it exists. `authorize` stays the judge; this only makes every earlier message blind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crud.conditions import MOST_STEPS
from crud.errors import bad_parameter
from crud.params import Reached, Scope, reach
from crud.permissions import Gate, gate_for
from crud.presentation import Presentation, View
from crud.state import Context
from sql.catalog import Resource


def sighted(context: Context, scope: Scope) -> Scope:
    """The scope with the names that the caller may know. Kept with the snapshot, per kind of caller."""
    names, actor, snapshot = scope.names, context.actor, context.snapshot
    assert isinstance(names, Presentation)
    gate = gate_for(snapshot.policy, snapshot.catalog, actor)
    key = ("sight", names.dialect, actor.roles, actor.tenant is None)
    seen = snapshot.compiled.get(key, lambda: replace(names, views=Views(names.views, gate)))
    assert isinstance(seen, Presentation)
    return replace(scope, names=seen)


class Views(Mapping[str, View]):
    """The views of a presentation, each narrowed when it is first asked for."""

    def __init__(self, views: Mapping[str, View], gate: Gate) -> None:
        self._views, self._gate = views, gate
        self._seen: dict[str, View] = {}

    def __getitem__(self, name: str) -> View:
        if name not in self._seen:
            self._seen[name] = seen(self._views[name], self._gate)
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)


def seen(view: View, gate: Gate) -> View:
    """One resource with the columns that the caller may read and the relations that it may follow."""
    readable = gate.access(view.resource).columns
    return replace(
        view,
        columns={name: column for name, column in view.columns.items() if column.name in readable},
        relations={name: link for name, link in view.relations.items() if gate.leads(view.resource, link)},
    )


def near(text: str, parameter: str) -> str:
    """The dotted name, if it is not too long a way: every step is a join or a subquery."""
    if text.count(".") > MOST_STEPS:
        raise bad_parameter(parameter, f"a path of more than {MOST_STEPS} relations")
    return text


def look(scope: Scope, resource: Resource, text: str, parameter: str) -> Reached:
    """Where a dotted name leads, if it is not too long a way."""
    return reach(scope, resource, near(text, parameter), parameter)
