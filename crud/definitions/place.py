"""Where something is written: told with every mistake.

In: nothing; `crud.definitions.document` knows the lines. Out: `Place`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """Where something is written: a file, and the lines of the keys below `path`."""

    file: str = ""
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict, compare=False, repr=False)
    path: tuple[str, ...] = ()

    def __truediv__(self, key: str | int) -> "Place":
        return Place(self.file, self.lines, (*self.path, str(key)))

    @property
    def line(self) -> int:
        """The line of this key, or of the nearest one above it."""
        path = self.path
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    @property
    def key(self) -> str:
        """The dotted key."""
        return ".".join(self.path)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.lines else self.file


NOWHERE = Place()
