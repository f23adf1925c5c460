"""What one caller may do with each resource, in the words of one dialect: what descriptions are made of.

In: a `Context`, a dialect's presentation, where its mounts are. Out: `Caller`, with a `Seen` for each resource that the
caller may use at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from urllib.parse import quote

from crud.access.permissions import Gate, gate_for
from crud.openapi.parts import Answer, Operation, Refused, path, ref
from crud.openapi.values import SHOWN, Json, shown
from crud.presentation import Presentation, View
from crud.sight import sight
from crud.snapshots.state import Context
from sql.catalog import Column, Relation, Resource

WRITES = ("create", "update", "delete")
ACTIONS = ("read", *WRITES)


@dataclass(frozen=True, eq=False)
class Seen:
    """One resource as a caller may use it. `view`: what he may read; `inputs`: every name that a body could mean."""

    caller: "Caller"
    resource: Resource
    name: str
    view: View
    inputs: View
    may: frozenset[str]

    @cached_property
    def id(self) -> str:
        """What its schemas are called."""
        return self.caller.ids[self.resource.name]

    @cached_property
    def row(self) -> Json:
        """A row as an answer shows it; to who may not read, its key alone."""
        return ref(self.id if "read" in self.may else f"{self.id}.Key")

    def settable(self, action: str) -> Mapping[str, Column]:
        """Shown name → column, for those that the caller may set."""
        columns = self.caller.gate.granted(self.resource, action).columns
        return {name: column for name, column in self.inputs.inputs.items() if column.name in columns}

    @cached_property
    def given(self) -> frozenset[str]:
        """Exact names of the columns that a new row gets from the caller's rules, or from his tenant."""
        access = self.caller.gate.granted(self.resource, "create")
        return frozenset(name for name, _ in access.defaults)

    @cached_property
    def comparable(self) -> Mapping[str, Column]:
        """The columns that he can filter and sort by: those that are not shown as hashes."""
        masked = self.view.masked
        return {name: column for name, column in self.view.columns.items() if column.name not in masked}

    @property
    def relations(self) -> Mapping[str, Relation]:
        """The relations that the caller may follow."""
        return self.view.relations

    @property
    def keyed(self) -> bool:
        """Whether rows have addresses."""
        return bool(self.resource.key)

    @property
    def key_parameter(self) -> Json:
        """The part of a path that addresses a row."""
        columns = [self.resource.columns[name] for name in self.resource.key]
        names = [self.inputs.shown(column.name) for column in columns]
        if len(columns) > 1:
            said = f"The values of {', '.join(names)}, joined with commas; `~2C ~2F ~7E` are `, / ~` inside a value"
            example = ",".join(str(SHOWN[c.type.name][1]) if c.type.name in SHOWN else "a" for c in columns)
            return path("id", {"type": "string", "minLength": 1, "examples": [example]}, said)
        schema = {name: value for name, value in shown(columns[0]).items() if name != "enum"}
        kinds = schema.get("type", "string")
        schema["type"] = kinds if isinstance(kinds, str) else kinds[0]
        return path("id", schema | ({"minLength": 1} if schema["type"] == "string" else {}), f"The {names[0]}")


@dataclass(frozen=True, eq=False)
class Caller:
    """Who a document is for. `at`: default path of a mount → where it is served; one that is not served is not in it.

    `served`: the dialects that are served, by name.
    """

    context: Context
    names: Presentation
    at: Mapping[str, str]
    served: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def gate(self) -> Gate:
        """What he may do."""
        snapshot = self.context.snapshot
        return gate_for(snapshot.policy, snapshot.catalog, self.context.actor)

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """The resources that he may use, by name."""
        narrow = sight(self.context, self.names)
        found = []
        for resource in self.context.snapshot.catalog:
            may = frozenset(action for action in ACTIONS if self._may(resource, action))
            if may:
                views = narrow.view(resource), self.names.view(resource)
                found.append(Seen(self, resource, self.names.name(resource), *views, may))
        return tuple(sorted(found, key=lambda each: (each.resource.system, each.name)))

    def _may(self, resource: Resource, action: str) -> bool:
        return (action == "read" or resource.writable) and self.gate.granted(resource, action).allowed

    def of(self, resource: Resource) -> Seen | None:
        """What he may do with a resource, if anything."""
        return self._by_name.get(resource.name)

    @cached_property
    def _by_name(self) -> Mapping[str, Seen]:
        return {each.resource.name: each for each in self.seen}

    def word(self, seen: Seen, reachable: Callable[[str], bool] = lambda word: True) -> str | None:
        """A name of the resource as a path writes it; None where no name of it can stand in a path."""
        others = [word for word, resource in self.names.words.items() if resource is seen.resource]
        found = (word for word in (seen.name, *others) if can_stand(word) and reachable(word))
        return next((quote(word, safe="") for word in found), None)

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """Exact name → what the schemas of a resource are called: names that a reference can hold, each once."""
        made: dict[str, str] = {}
        taken: set[str] = set()
        for each in self.seen:
            plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in each.name)
            id, number = plain or "_", 1
            while id.lower() in taken:
                number += 1
                id = f"{plain}_{number}"
            taken.add(id.lower())
            made[each.resource.name] = id
        return MappingProxyType(made)


def operation_of(
    refused: Refused,
    seen: Seen,
    method: str,
    path: str,
    summary: str,
    kinds: tuple[str, ...],
    answers: Mapping[int, Answer],
    parameters: tuple[Json, ...] = (),
    sent: Json | None = None,
) -> Operation:
    """An operation that is made for a resource. `sent`: the body of its requests."""
    keyed = (seen.key_parameter,) if "{id}" in path else ()
    name = seen.resource.name
    return Operation(method, path, summary, seen.name, answers, kinds, refused, keyed + parameters, sent, name)


def can_stand(word: str) -> bool:
    """Whether a name can be one part of a path: neither a server nor a client reads it as something else."""
    return word not in ("", ".", "..") and "/" not in word and word.isprintable()
