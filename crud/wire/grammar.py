"""What a parser with limits of its own works in: names, values, and how long a dotted name may be.

In: a `Scope`, the configured `Limits` and what texts mean. Out: `Grammar`, which reaches columns within them.
"""

from dataclasses import dataclass

from crud.definitions.settings import Limits
from crud.errors import bad_parameter
from crud.presentation import Presentation
from crud.wire.paths import Reached, Scope, reach
from crud.wire.scripts import Texts
from sql.catalog import Resource


@dataclass(frozen=True)
class Grammar:
    """What the parsers of a dialect work in: names and values, the limits, and the meaning of texts."""

    scope: Scope
    limits: Limits
    texts: Texts = Texts()

    @property
    def names(self) -> Presentation:
        """The dialect's names, as the caller may know them."""
        assert isinstance(self.scope.names, Presentation)
        return self.scope.names

    def reach(self, resource: Resource, text: str, parameter: str, *, shown: bool = False) -> Reached:
        """A dotted name, not longer than relations may be nested."""
        self.bounded(text, parameter)
        return reach(self.scope, resource, text, parameter, shown=shown)

    def bounded(self, text: str, parameter: str) -> None:
        """Refuse a dotted name of more steps than the limits allow, before anything follows it."""
        steps, most = text.count(".") + 1, self.limits.include_depth
        if steps > most + 1:
            raise bad_parameter(parameter, f"a name of {steps} steps, at most {most} relations may be followed")
