"""Variables in conditions: other columns, the caller, the time.

In: a text like `$COL(other)`, `$CURRENT_USER`, `$CURRENT_USER.field`, `$CURRENT_TENANT`, `$NOW`, `$NOW-DAYS_7`.
Out: an expression, None for a text that is no variable, or an ApiError for one that only looks like it:
read as plain text, a misspelt variable would silently ask for something else.
"""

import re
from dataclasses import dataclass

from crud.errors import bad_parameter, unknown_field
from crud.wire.paths import Reached, Scope, fit, reach
from sql.catalog import Resource
from sql.expressions import ActorValue, Cast, Expr, Hop, Now, Origin, Path, Value
from sql.operators import CASTS
from sql.types import Type

KNOWN = "$COL(field), $CURRENT_USER, $CURRENT_USER.field, $CURRENT_TENANT, $NOW or $NOW-DAYS_7"
MOST_UNITS = 100_000

_LOOKS = re.compile(r"\$(COL\(|CURRENT_[A-Z]|NOW(?![A-Za-z0-9_]))")
_COLUMN = re.compile(r"\$COL\(([^()]+)\)")
_NOW = re.compile(r"\$NOW(?:([+-])(YEARS|MONTHS|WEEKS|DAYS|HOURS|MINUTES|SECONDS)_([0-9]{1,6}))?")
_ACTOR = re.compile(r"\$CURRENT_(?:(TENANT)|USER(?:\.(\w{1,64}))?)")


@dataclass(frozen=True)
class At:
    """Where a parser of conditions is."""

    scope: Scope
    resource: Resource
    parameter: str


@dataclass(frozen=True)
class Left:
    """The left side of a comparison: the column that was reached, and its type, which a cast may have changed."""

    reached: Reached
    type: Type

    @property
    def cast(self) -> bool:
        """Whether the type is not the column's own."""
        return self.type != self.reached.column.type

    def expr(self, path: Path) -> Expr:
        """What is compared, once the path is known."""
        return Cast(path, self.type) if self.cast else path


def variable(at: At, left: Left, raw: object) -> Expr | None:
    """The expression of a variable; None for ordinary values. Raises ApiError."""
    if not isinstance(raw, str) or not _LOOKS.match(raw):
        return None
    if found := _COLUMN.fullmatch(raw):
        return _column(at, left, found[1])
    if found := _NOW.fullmatch(raw):
        return _now(at, found, left.type)
    if found := _ACTOR.fullmatch(raw):
        return _actor(at, found, left.type)
    raise bad_parameter(at.parameter, f"{raw[:60]!r} is not a variable; expected {KNOWN}")


def constant(scope: Scope, resource: Resource, name: str, raw: object, *, parameter: str) -> Value:
    """What a definition gives to a column: a variable of the caller or the time, else a value of the column's type.
    Raises ApiError."""
    origin, column = Origin(name, parameter), resource.column(name)
    reached = Reached((), column, origin)
    found = variable(At(scope, resource, parameter), Left(reached, column.type), raw)
    if isinstance(found, ActorValue | Now):
        return found
    if found is not None:
        raise bad_parameter(parameter, f"{name}: {raw!r} is no value; expected {KNOWN}")
    return scope.values.bind(None if raw is None else fit(column.type, raw, origin), column.type)


def _actor(at: At, found: re.Match[str], type: Type) -> ActorValue:
    if found[1]:
        return ActorValue("tenant", type)
    if found[2] is None:
        return ActorValue("id", type)
    accounts = next((each for each in at.scope.catalog if each.system and each.entity == "users"), None)
    column = at.scope.names.view(accounts).column(found[2]) if accounts else None
    if column is None or column.write_only:
        raise unknown_field(Origin(found[0], at.parameter))
    return ActorValue(column.name, type)


def _now(at: At, found: re.Match[str], type: Type) -> Now:
    if type.family not in ("date", "datetime", "time") and type.name != "epoch_ms":
        raise bad_parameter(at.parameter, f"$NOW compares with dates and times, not with {type.expected}")
    amount = int((found[1] or "+") + (found[3] or "0"))
    if abs(amount) > MOST_UNITS:
        raise bad_parameter(at.parameter, f"$NOW can be moved by at most {MOST_UNITS} units")
    return Now(type, amount, (found[2] or "DAYS").lower())


def _column(at: At, left: Left, text: str) -> Expr:
    """Another column of the same row: of the same child, where the left side is a child's."""
    other = reach(at.scope, at.resource, text, at.parameter)
    path = _beside(at, left.reached, other)
    if other.column.type.family == left.type.family:
        return path
    if left.cast and other.column.type.family in CASTS[left.type.name]:
        return Cast(path, left.type)
    problem = f"{left.reached.origin.text!r} and {text!r} are of different types"
    raise bad_parameter(at.parameter, problem)


def _beside(at: At, reached: Reached, other: Reached) -> Path:
    last = max((place for place, step in enumerate(reached.steps, 1) if step.kind == "to_many"), default=0)
    rest = other.steps[last:]
    if other.steps[:last] != reached.steps[:last] or any(step.kind == "to_many" for step in rest):
        problem = f"{other.origin.text!r} is not of the same row as {reached.origin.text!r}"
        raise bad_parameter(at.parameter, problem)
    return Path(other.column.name, tuple(Hop(step.name) for step in rest), other.origin)
