"""What the value of an expression can be, as far as it is known before any row: the bounds of numbers above all.

In: a column's type. Out: a kind, or BadFormula for a type that databases hold too differently.
Whole numbers and decimals are counted in units of their last decimal (`12.30` is 1230 units of a hundredth), so that
both databases compute with integers, exactly.
"""

from dataclasses import dataclass
from decimal import Decimal

from sql.errors import BadFormula
from sql.types import Type

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
MOST = 10**18
DIGITS = 15
TEXTS = frozenset({"string", "text", "email", "citext"})


@dataclass(frozen=True)
class Exact:
    """A whole number or a decimal: between `low` and `high` units of ten to the minus `scale`."""

    scale: int
    low: int
    high: int


@dataclass(frozen=True)
class Real:
    """A floating number: zero, or between ten to the `least` and ten to the `most` in size."""

    least: int
    most: int


@dataclass(frozen=True)
class Plain:
    """Something that is not computed with: text, boolean or uuid."""

    name: str


Kind = Exact | Real | Plain
TEXT, BOOLEAN, UUID = Plain("text"), Plain("boolean"), Plain("uuid")
ANY_REAL = Real(-324, 309)


@dataclass(frozen=True)
class Part:
    """A printed expression, which can stand anywhere without more parentheses, and its kind.

    `bare`: the same number before its bounds were checked, so that tighter ones need not be checked on top.
    """

    sql: str
    kind: Kind
    bare: str = ""

    def counted(self, kind: Exact) -> "Counted":
        """The same as a number of this kind."""
        return Counted(self.sql, kind, self.bare)


@dataclass(frozen=True)
class Counted:
    """A printed number in units. `bare` as in `Part`."""

    sql: str
    kind: Exact
    bare: str = ""

    @property
    def part(self) -> Part:
        """The number as any expression."""
        return Part(self.sql, self.kind, self.bare)


@dataclass(frozen=True)
class Floating:
    """A printed floating number."""

    sql: str
    kind: Real

    @property
    def part(self) -> Part:
        """The number as any expression."""
        return Part(self.sql, self.kind)


def kind_of(type: Type) -> Kind:
    """What a column of the type can hold. Raises BadFormula."""
    match type.name:
        case "integer":
            return Exact(0, *INT32)
        case "bigint" | "epoch_ms":
            return Exact(0, *INT64)
        case "decimal":
            return _decimal(type)
        case "number":
            return ANY_REAL
        case "boolean" | "uuid":
            return Plain(type.name)
    if type.name in TEXTS or type.name == "enum":
        return TEXT
    raise BadFormula(f"cannot compute with values of the type {type.name}")


def _decimal(type: Type) -> Exact:
    if type.precision is None or type.precision > DIGITS:
        raise BadFormula(f"computes with decimals of a stated precision of at most {DIGITS} digits only")
    most = 10**type.precision - 1
    return Exact(type.scale or 0, -most, most)


def type_of(kind: Kind) -> Type:
    """The type of a computed column that says none."""
    match kind:
        case Plain(name=name):
            return Type(name)
        case Real():
            return Type("number")
        case Exact(scale=0, low=low, high=high):
            return Type("integer" if INT32[0] <= low and high <= INT32[1] else "bigint")
        case Exact(scale=scale, low=low, high=high):
            digits = len(str(max(-low, high)))
            return Type("decimal", precision=min(DIGITS, max(digits, scale)), scale=min(scale, DIGITS))


def units(value: Decimal) -> tuple[int, int]:
    """(scale, units) of a number as it was written."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    return -exponent, int("".join(map(str, digits)))


def named(kind: Kind) -> str:
    """A kind in words."""
    match kind:
        case Plain(name=name):
            return f"a {name}"
        case Real():
            return "a floating number"
        case Exact(scale=0):
            return "a whole number"
    return "a decimal"
