"""Hooks: Python callables named in the configuration, called before and after rows are read or written.

In: what happens to which row, and who does it (`Event`). Out: before: the row as the hooks leave it, or a refusal;
after: nothing, whatever they do. Before-hooks run inside the transaction, after-hooks once it is committed.
Source: docs/hooks.md; seed document of Baasix, "Bulk Operations and Hooks".
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import structlog

from crud import system
from crud.definitions.config import Config, HookDefinition
from crud.definitions.problems import Problem
from crud.errors import ApiError
from sql.catalog import Catalog

log = structlog.get_logger()
Row = Mapping[str, object]
NOTHING: Row = MappingProxyType({})
REFUSALS = ("invalid", "forbidden", "conflict")


@dataclass(frozen=True)
class Event:
    """What happens to a row: `action` is create, update, delete or read.

    `row`: the new row, or the changes, under exact column names; empty for delete and read. `key`: the key of the row,
    once it has one. Before a write, values are as they were sent (JSON); after it, as they were stored.
    """

    action: str
    resource: str
    row: Row = field(default_factory=lambda: NOTHING)
    key: Row | None = None
    actor_id: str | None = None
    roles: frozenset[str] = frozenset()
    tenant: str | None = None


class Refused(Exception):
    """What a before-hook raises to refuse: the text goes to the client. `kind`: invalid (400), forbidden, conflict."""

    def __init__(self, message: str, *, field: str = "", kind: str = "invalid") -> None:
        super().__init__(message)
        if kind not in REFUSALS:
            raise ValueError(f"kind is one of {', '.join(REFUSALS)}")
        self.message, self.field, self.kind = message, field, kind


class HookFailed(Exception):
    """A hook that did what no hook may: the caller gets an internal error, the log the rest."""


@dataclass(frozen=True)
class Hook:
    """One callable and the name it has in the configuration."""

    name: str
    call: Callable[[Event], object]


@dataclass(frozen=True)
class Hooks:
    """(resource or `*`, when) → what is called, in the order of the configuration."""

    calls: Mapping[tuple[str, str], tuple[Hook, ...]] = field(default_factory=lambda: MappingProxyType({}))
    columns: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    def any(self, resource: str, when: str) -> bool:
        """Whether something is called."""
        return (resource, when) in self.calls

    def before(self, event: Event) -> Row:
        """The row as the hooks leave it. Raises ApiError where one refuses, HookFailed where one goes wrong."""
        for hook in self.calls.get((event.resource, f"before_{event.action}"), ()):
            event = replace(event, row=self._called(hook, event))
        return event.row

    def _called(self, hook: Hook, event: Event) -> Row:
        try:
            made = hook.call(event)
        except Refused as refusal:
            details = {"action": event.action, "resource": event.resource} if refusal.kind == "forbidden" else None
            raise ApiError(refusal.kind, refusal.message, field=refusal.field, details=details) from None
        if made is None:
            return event.row
        if not isinstance(made, Mapping):
            raise HookFailed(f"{hook.name} returned {type(made).__name__}; expected a mapping or None")
        if unknown := sorted(str(name) for name in made.keys() - self.columns[event.resource]):
            raise HookFailed(f"{hook.name} set {unknown[0]!r}, which is no column of {event.resource}")
        return made

    def after(self, events: Sequence[Event]) -> None:
        """Tell what has happened. A hook that fails is logged and changes nothing."""
        for event in events:
            for hook in self.calls.get((event.resource, f"after_{event.action}"), ()):
                try:
                    hook.call(event)
                except Exception:
                    log.exception("hook failed", hook=hook.name, resource=event.resource, action=event.action)


def build_hooks(config: Config, catalog: Catalog) -> tuple[Hooks, list[Problem]]:
    """The hooks of a configuration, and what is wrong with it. Modules beside the configuration can be imported."""
    folder = str(Path(config.file).resolve().parent) if config.file else ""
    if config.hooks and folder and folder not in sys.path:
        sys.path.append(folder)
    calls: dict[tuple[str, str], tuple[Hook, ...]] = {}
    problems: list[Problem] = []
    for said in config.hooks:
        hook = _hook(said, problems)
        for resource in _resources(said, catalog, problems) if hook else ():
            calls[resource, said.when] = (*calls.get((resource, said.when), ()), hook) if hook else ()
    columns = {resource.name: frozenset(resource.columns) for resource in catalog}
    return Hooks(MappingProxyType(calls), MappingProxyType(columns)), problems


def _resources(said: HookDefinition, catalog: Catalog, problems: list[Problem]) -> Iterator[str]:
    """`*` is every resource but our own tables, which are named."""
    if said.resource == "*":
        yield from (resource.name for resource in catalog if not resource.system)
        return
    exact = said.resource if said.resource in catalog.resources else system.WORDS.get(said.resource, "")
    if exact in catalog.resources:
        yield exact
    else:
        known = ("*", *sorted(resource.name for resource in catalog if not resource.system))
        problems.append(Problem(f"there is no resource {said.resource!r}", said.place / "resource", known))


def _hook(said: HookDefinition, problems: list[Problem]) -> Hook | None:
    module, _, name = said.call.partition(":")
    try:
        call = getattr(import_module(module), name)
    except Exception as error:  # a module of the user's may fail in any way when it is imported
        problems.append(
            Problem(f"{said.call} cannot be imported: {type(error).__name__}: {error}", said.place / "call")
        )
        return None
    if not callable(call):
        problems.append(Problem(f"{said.call} cannot be called", said.place / "call"))
        return None
    return Hook(said.call, call)
