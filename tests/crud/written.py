"""Nodes as a parser makes them: named by a caller. Which words were written does not matter to equality."""

from functools import partial

from sql.expressions import Origin, Path, Some

WRITTEN = Origin("name", "filter")
path = partial(Path, origin=WRITTEN)
some = partial(Some, origin=WRITTEN)
