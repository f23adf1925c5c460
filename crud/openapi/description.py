"""What a dialect says of itself, for whoever makes its document.

In: functions of the dialect, and names. Out: `Description`, a frozen value that stands with the dialect's routes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from crud.openapi.caller import Caller
from crud.openapi.parts import Operation
from crud.openapi.values import Json


@dataclass(frozen=True)
class Description:
    """What a dialect says of itself. `schemas` makes those that its operations lead to besides rows; `beside` is what
    its rows hold besides columns and relations, `dotted`: they hold columns of other rows under dotted names.
    `headers`: of every answer."""

    title: str
    operations: Callable[[Caller], Iterable[Operation]]
    schemas: Callable[[Caller], Mapping[str, Json]] = lambda caller: {}
    beside: Mapping[str, Json] = field(default_factory=dict)
    dotted: bool = False
    headers: tuple[str, ...] = ()
