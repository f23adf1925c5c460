"""A dialect's names as one caller sees them: a hidden column or relation is not there.

In: a `Presentation` and the `Context` of the caller. Out: the same, narrower. What is parsed with them
answers a hidden field as an unknown one before anything is said of its type or of a later parameter, which would tell
that it exists. `authorize` stays the judge; this only makes every earlier message blind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crud.access.permissions import Gate, gate_for
from crud.presentation import Presentation, View
from crud.snapshots.state import Context


def sight(context: Context, names: Presentation) -> Presentation:
    """The names that the caller may know. Kept with the snapshot, per kind of caller."""
    actor, snapshot = context.actor, context.snapshot
    gate = gate_for(snapshot.policy, snapshot.catalog, actor)
    key = ("sight", names.dialect, actor.kind)
    seen = snapshot.compiled.get(key, lambda: replace(names, views=Views(names.views, gate)))
    assert isinstance(seen, Presentation)
    return seen


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
    access = gate.access(view.resource)
    return replace(
        view,
        columns={name: column for name, column in view.columns.items() if column.name in access.shown},
        relations={name: link for name, link in view.relations.items() if gate.leads(view.resource, link)},
        masked=access.masked,
    )
