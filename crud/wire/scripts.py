"""What the texts of a request mean, where a dialect has expressions in them (`crud.scripting`).

In: a text or JSON data, and the name of the parameter that it stands in. Out: its value. Whoever may not have
expressions evaluated is refused: taken as a plain text, one would mean something else than its author meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from crud.errors import ApiError, bad_parameter
from crud.scripting.filling import ScriptError, Scripts, mentions
from crud.scripting.finding import OPEN
from crud.scripting.pool import Full

T = TypeVar("T")


@dataclass(frozen=True)
class Texts:
    """The meaning of texts. `scripts`: None where the caller may not have expressions evaluated. `later`: called for
    what stands for a value with expressions, where they are only to be evaluated later."""

    scripts: Scripts | None = None
    later: Callable[[], Any] | None = None

    def value(self, text: str, parameter: str) -> object:
        """The value of a text that stands where a value of any kind may stand."""
        return self._evaluated(parameter, lambda scripts: scripts.value(text)) if OPEN in text else text

    def text(self, text: str, parameter: str) -> str:
        """The text with its expressions evaluated."""
        return self._evaluated(parameter, lambda scripts: scripts.text(text)) if OPEN in text else text

    def inside(self, data: object, parameter: str) -> object:
        """The data with the values of its texts."""
        return self._evaluated(parameter, lambda scripts: scripts.inside(data)) if mentions(data) else data

    def _evaluated(self, parameter: str, work: Callable[[Scripts], T]) -> T:
        if self.later is not None:
            return cast("T", self.later())
        if self.scripts is None:
            raise bad_parameter(parameter, "${{ … }} expressions are not for this caller")
        try:
            return work(self.scripts)
        except ScriptError as error:
            raise bad_parameter(parameter, str(error)) from None
        except Full as full:
            raise ApiError("busy", str(full)) from None
