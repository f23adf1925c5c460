"""What a body is read for: one resource, as the caller of a dialect may write it.

In: the names that the caller may know, the resource as the dialect shows it, the columns that he may set. Out:
`Target`, which the parsers of bodies take.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crud.presentation import View
from crud.wire.paths import Scope
from sql.catalog import Column, Resource


@dataclass(frozen=True)
class Target:
    """`view` has every name of the resource, `scope` those that its reader may know; all else is unknown to a body."""

    scope: Scope
    view: View
    settable: Mapping[str, Column]

    @property
    def resource(self) -> Resource:
        """The resource that is written."""
        return self.view.resource
