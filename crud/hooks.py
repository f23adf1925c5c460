"""Hooks: Python callables named in the configuration, called before and after rows are read or written.

In: what happens to which row, and who does it (`Event`). Out: before: the row as the hooks leave it, or a refusal;
after: nothing, whatever they do. Before-hooks run inside the transaction, after-hooks once it is committed.
Source: docs/hooks.md; seed document of Baasix, "Bulk Operations and Hooks".
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from importlib import import_module
from inspect import iscoroutinefunction
from pathlib import Path
from types import MappingProxyType

import structlog

from crud import system
from crud.definitions.config import Config
from crud.definitions.declared import HookDefinition
from crud.definitions.problems import Problem
from crud.definitions.semantics import lookup
from crud.errors import ApiError, Mistake, invalid
from sql.catalog import Catalog

log = structlog.get_logger()
Row = Mapping[str, object]
NOTHING: Row = MappingProxyType({})
REFUSALS = ("invalid", "forbidden", "conflict")


@dataclass(frozen=True)
class Event:
    """What happens to a row: `action` is create, update, delete or read.

    `row`: the new row, or the changes, under exact column names; empty for delete and read. `key`: the key of the row,
    once it has one. Before a write, values are as they were sent (JSON); after it, as they were stored, without those
    that nobody may read (passwords). Neither can be written to: a before-hook returns another row.
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
    """(resource, when) → what is called, in the order of the configuration.

    `columns` are what a row may have, `secrets` those of them that are written and never shown.
    """

    calls: Mapping[tuple[str, str], tuple[Hook, ...]] = field(default_factory=lambda: MappingProxyType({}))
    columns: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    secrets: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    def any(self, resource: str, when: str) -> bool:
        """Whether something is called."""
        return (resource, when) in self.calls

    def before(self, event: Event) -> Row:
        """The row as the hooks leave it. Raises ApiError where one refuses, HookFailed where one goes wrong."""
        row = event.row
        for hook in self.calls.get((event.resource, f"before_{event.action}"), ()):
            made = self._called(hook, _kept(replace(event, row=row)))
            row = row if made is None else self._checked(hook, event.resource, made)
        return row

    def _called(self, hook: Hook, event: Event) -> object:
        try:
            return hook.call(event)
        except Refused as refusal:
            raise _refusal(refusal, event, self.columns[event.resource]) from None

    def _checked(self, hook: Hook, resource: str, made: object) -> Row:
        if not isinstance(made, Mapping):
            raise HookFailed(f"{hook.name} returned {type(made).__name__}; expected a mapping or None")
        row = dict(made)
        if unknown := sorted(str(name) for name in row.keys() - self.columns[resource]):
            raise HookFailed(f"{hook.name} set {unknown[0]!r}, which is no column of {resource}")
        return row

    def after(self, events: Sequence[Event]) -> None:
        """Tell what has happened. A hook that fails is logged and changes nothing."""
        for event in events:
            for hook in self.calls.get((event.resource, f"after_{event.action}"), ()):
                try:
                    hook.call(_kept(self._showable(event)))
                except Exception:
                    log.exception("hook failed", hook=hook.name, resource=event.resource, action=event.action)

    def _showable(self, event: Event) -> Event:
        secrets = self.secrets.get(event.resource, frozenset())
        return replace(event, row={name: value for name, value in event.row.items() if name not in secrets})


def _refusal(refusal: Refused, event: Event, columns: frozenset[str]) -> ApiError:
    """What the client is told. A mistake in a field is told like every other, under the name that its dialect has."""
    if refusal.kind == "invalid" and refusal.field in columns:
        return invalid(event.resource, [Mistake(refusal.field, refusal.message, "refused")])
    kind = "refused" if refusal.kind == "forbidden" else refusal.kind
    return ApiError(kind, refusal.message, field=refusal.field)


def _kept(event: Event) -> Event:
    """An event whose row belongs to one hook: what the hook does to it reaches nobody, nor a second try."""
    row = {name: deepcopy(held) if isinstance(held, dict | list) else held for name, held in event.row.items()}
    key = None if event.key is None else MappingProxyType(dict(event.key))
    return replace(event, row=MappingProxyType(row), key=key)


def build_hooks(config: Config, catalog: Catalog) -> tuple[Hooks, list[Problem]]:
    """The hooks of a configuration, and what is wrong with it. Modules beside the configuration can be imported."""
    folder = str(Path(config.file).resolve().parent) if config.file else ""
    if config.hooks and folder and folder not in sys.path:
        sys.path.append(folder)
    names = {**system.WORDS, **{word: exact for word, exact in lookup(config).items() if exact}}
    calls: dict[tuple[str, str], tuple[Hook, ...]] = {}
    problems: list[Problem] = []
    for said in config.hooks:
        hook = _hook(said, problems)
        for name in _resources(said, catalog, names=names, problems=problems):
            calls[name, said.when] = (*calls.get((name, said.when), ()), *hook)
    columns = {resource.name: frozenset(resource.columns) for resource in catalog}
    secrets = {
        resource.name: frozenset(column.name for column in resource.columns.values() if column.write_only)
        for resource in catalog
    }
    return Hooks(MappingProxyType(calls), MappingProxyType(columns), MappingProxyType(secrets)), problems


def _resources(
    said: HookDefinition, catalog: Catalog, *, names: Mapping[str, str], problems: list[Problem]
) -> Iterable[str]:
    """`*` is every resource but our own tables, which are named."""
    mine = sorted(resource.name for resource in catalog if not resource.system)
    if said.resource == "*":
        return mine
    exact = said.resource if said.resource in catalog.resources else names.get(said.resource, "")
    if exact in catalog.resources:
        return (exact,)
    problems.append(Problem(f"there is no resource {said.resource!r}", said.place / "resource", ("*", *mine)))
    return ()


def _hook(said: HookDefinition, problems: list[Problem]) -> tuple[Hook, ...]:
    """The hook, or nothing where something is wrong with it."""
    module, _, name = said.call.partition(":")
    try:
        call = getattr(import_module(module), name)
    except Exception as error:  # a module of the user's may fail in any way when it is imported
        wrong = f"{said.call} cannot be imported: {type(error).__name__}: {error}"
    else:
        if callable(call) and not iscoroutinefunction(call):
            return (Hook(said.call, call),)
        wrong = f"{said.call} is asynchronous" if callable(call) else f"{said.call} cannot be called"
    problems.append(Problem(wrong, said.place / "call"))
    return ()
