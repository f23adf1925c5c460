"""What is wrong with a definition: one value per mistake, and the error that carries all of them.

In: a place and words. Out: `file:line: key: what is wrong; allowed: …`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crud.definitions.place import NOWHERE, Place


@dataclass(frozen=True)
class Problem:
    """One mistake. A `warning` is logged and does not keep the service from starting."""

    message: str
    place: Place = NOWHERE
    allowed: tuple[str, ...] = ()
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place.file else ""
        key = f"{self.place.key}: " if self.place.key else ""
        allowed = f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""
        return f"{where}{key}{self.message}{allowed}"


class ConfigError(Exception):
    """A configuration that cannot be used. `problems` are all mistakes that were found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.place.file, p.place.line)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
