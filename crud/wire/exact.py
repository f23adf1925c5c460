"""What definitions are parsed in: the catalog's own names, and values that become part of the shape.

In: the catalog, and for rules that are rows the names of a dialect too. Out: `ExactNames` and `EitherNames` (the names
of a `crud.wire.paths.Scope`), and `Constants`, its binder.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crud.wire.paths import Names, Shown
from sql.catalog import Column, Relation, Resource
from sql.expressions import Const, Value
from sql.types import Type


class Constants:
    """A binder for rules: values written in definitions become constants of the shape."""

    def bind(self, value: object, type: Type, *, many: bool = False) -> Value:
        return Const(value, type, many)


@dataclass(frozen=True)
class ExactView:
    """One resource under its exact names."""

    resource: Resource

    @property
    def columns(self) -> Mapping[str, Column]:
        return self.resource.columns

    @property
    def relations(self) -> Mapping[str, Relation]:
        return self.resource.relations

    def column(self, written: str) -> Column | None:
        return self.resource.columns.get(written)

    def readable(self, written: str) -> Column | None:
        return self.column(written)

    def relation(self, written: str) -> Relation | None:
        return self.resource.relations.get(written)


class ExactNames:
    """The names that definitions use: the catalog's own."""

    def view(self, resource: Resource) -> ExactView:
        return ExactView(resource)


@dataclass(frozen=True)
class EitherView(ExactView):
    """One resource under its exact names, and under those of a dialect."""

    shown: Shown

    def column(self, written: str) -> Column | None:
        return self.resource.columns.get(written) or self.shown.column(written)

    def relation(self, written: str) -> Relation | None:
        return self.resource.relations.get(written) or self.shown.relation(written)


@dataclass(frozen=True)
class EitherNames:
    """The names that stored rules use: the catalog's own, else those of a dialect."""

    shown: Names

    def view(self, resource: Resource) -> EitherView:
        return EitherView(resource, self.shown.view(resource))
