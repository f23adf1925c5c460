"""Hooks: Python callables of the configuration, before and after a row is read or written.

In: what happens to which row, and who does it (`Event`). Out: before: the row as the hooks left it, or a refusal;
after: nothing, whatever they do. Source: docs/hooks.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

log = structlog.get_logger()
Row = Mapping[str, object]


@dataclass(frozen=True)
class Event:
    """What happens: `row` is the new row or the changes under exact names, `key` the key of a row that exists."""

    action: str
    resource: str
    row: Row
    key: Row | None
    actor_id: str | None
    roles: frozenset[str]
    tenant: str | None


Call = Callable[[Event], Row | None]


@dataclass(frozen=True)
class Hooks:
    """(resource or `*`, when) → what is called, in the order of the configuration."""

    calls: Mapping[tuple[str, str], tuple[Call, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def any(self, resource: str, when: str) -> bool:
        """Whether something is called."""
        return bool(self.calls) and ((resource, when) in self.calls or ("*", when) in self.calls)

    def before(self, event: Event) -> Row:
        """The row as the hooks leave it."""
        return event.row

    def after(self, events: Sequence[Event]) -> None:
        """Tell what has happened."""
