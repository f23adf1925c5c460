"""Arithmetic that cannot fail and means the same everywhere: what would be too large is NULL.

In: printed numbers with what is known of their size. Out: the same. A bound is checked in the SQL only where it is not
known before: then the number stands there twice, so that the length of what is printed is bounded elsewhere.
"""

from dataclasses import replace

from sql.errors import BadFormula
from sql.formulas.kinds import DIGITS, MOST, Counted, Exact, Floating, Real
from sql.formulas.spelling import Spelling

MAX_SCALE = 18
MAX_EXPONENT = 300
# A floating number in a product or quotient, where its size is not known.
_LEAST, _MOST = -100, 100


def within(number: Counted, low: int = -MOST, high: int = MOST) -> Counted:
    """The number where it lies between the bounds, else NULL."""
    kind = number.kind
    if low <= kind.low and kind.high <= high:
        return number
    low, high, bare = max(low, kind.low), min(high, kind.high), number.bare or number.sql
    text = f"(CASE WHEN {bare} BETWEEN {low} AND {high} THEN {bare} END)"
    return Counted(text, replace(kind, low=low, high=high), bare)


def scaled(spell: Spelling, number: Counted, scale: int) -> Counted:
    """The same number in smaller units."""
    if scale == number.kind.scale:
        return number
    made = moved(spell, number, scale - number.kind.scale)
    return replace(made, kind=replace(made.kind, scale=scale))


def moved(spell: Spelling, number: Counted, places: int) -> Counted:
    """The number times ten to the `places`. Raises BadFormula."""
    if places == 0:
        return within(number)
    if places > MAX_SCALE:
        raise BadFormula(f"needs more than {MAX_SCALE} decimals on the way: ROUND(…, 2) would end them")
    unit = 10**places
    return times(spell, number, Counted(spell.number(unit), Exact(0, unit, unit)))


def aligned(spell: Spelling, numbers: list[Counted]) -> list[Counted]:
    """The numbers in the units of the finest."""
    finest = max(number.kind.scale for number in numbers)
    return [scaled(spell, number, finest) for number in numbers]


def plus(spell: Spelling, op: str, left: Counted, right: Counted) -> Counted:
    """A sum, or a difference."""
    one, other = (within(number) for number in aligned(spell, [left, right]))
    low, high = other.kind.low, other.kind.high
    if op == "-":
        low, high = -high, -low
    kind = Exact(one.kind.scale, one.kind.low + low, one.kind.high + high)
    return within(Counted(f"({one.sql} {op} {other.sql})", kind))


def times(spell: Spelling, left: Counted, right: Counted) -> Counted:
    """A product. Raises BadFormula."""
    one, other = within(left), within(right)
    scale = one.kind.scale + other.kind.scale
    if scale > MAX_SCALE:
        raise BadFormula(f"needs more than {MAX_SCALE} decimals on the way: ROUND(…, 2) would end them")
    ends = [a * b for a in (one.kind.low, one.kind.high) for b in (other.kind.low, other.kind.high)]
    return within(Counted(f"({one.sql} * {other.sql})", Exact(scale, min(ends), max(ends))))


def negative(number: Counted) -> Counted:
    """The number with the other sign."""
    held = within(number)
    return Counted(f"(- {held.sql})", replace(held.kind, low=-held.kind.high, high=-held.kind.low))


def size(number: Counted) -> Counted:
    """The number without its sign."""
    held = within(number)
    low, high = held.kind.low, held.kind.high
    least = 0 if low <= 0 <= high else min(abs(low), abs(high))
    return Counted(f"abs({held.sql})", replace(held.kind, low=least, high=max(-low, high)))


def quotient(spell: Spelling, left: Counted, right: Counted) -> Counted:
    """A whole number divided by another, cut off towards zero. Raises BadFormula."""
    if left.kind.scale or right.kind.scale:
        raise BadFormula("a quotient of decimals may have no end: ROUND(a / b, 2)")
    one, other = within(left), within(right)
    most = max(-one.kind.low, one.kind.high)
    return Counted(spell.divided(one.sql, _not_zero(other)), Exact(0, -most, most))


def _not_zero(number: Counted) -> str:
    """NULL for zero."""
    return f"nullif({number.sql}, 0)" if number.kind.low <= 0 <= number.kind.high else number.sql


def rounded_quotient(spell: Spelling, left: Counted, right: Counted, places: int) -> Counted:
    """left / right with so many decimals, halves away from zero."""
    shift = places - left.kind.scale + right.kind.scale
    above, below = moved(spell, left, max(shift, 0)), moved(spell, right, max(-shift, 0))
    sign = f"CASE WHEN ({above.sql} < 0) = ({below.sql} < 0) THEN 1 ELSE -1 END"
    halved = spell.divided(f"(2 * abs({above.sql}) + abs({below.sql}))", f"(2 * abs({_not_zero(below)}))")
    most = max(-above.kind.low, above.kind.high) + 1
    return within(Counted(f"({sign} * {halved})", Exact(places, -most, most)))


def rounded(spell: Spelling, number: Counted, places: int) -> Counted:
    """The number with no more than so many decimals, halves away from zero."""
    drop = number.kind.scale - places
    if drop <= 0:
        return number
    unit = 10**drop
    held = within(number)
    half = f"({held.sql} + CASE WHEN {held.sql} < 0 THEN -{unit // 2} ELSE {unit // 2} END)"
    low, high = held.kind.low // unit - 1, held.kind.high // unit + 1
    return Counted(spell.divided(half, spell.number(unit)), Exact(places, low, high))


# ---------------------------------------------------------------- floating numbers


def floating(spell: Spelling, number: Counted) -> Floating:
    """The nearest floating number."""
    scale = number.kind.scale
    held = within(number, 1 - 10**DIGITS, 10**DIGITS - 1) if scale else number
    digits = len(str(max(-held.kind.low, held.kind.high)))
    return Floating(spell.floating(held.sql, scale), Real(-scale, digits - scale + 1))


def bounded(spell: Spelling, number: Floating, least: int, most: int) -> Floating:
    """The number where its size is known to be between, else NULL."""
    if least <= number.kind.least and number.kind.most <= most:
        return number
    low, high = (spell.real(f"1e{exponent}") for exponent in (_LEAST, _MOST))
    inside = f"abs({number.sql}) BETWEEN {low} AND {high} OR {number.sql} = 0"
    return Floating(f"(CASE WHEN {inside} THEN {number.sql} END)", Real(_LEAST, _MOST))


def real_plus(spell: Spelling, op: str, left: Floating, right: Floating) -> Floating:
    """A sum, or a difference: near zero it keeps the digits of what it was made of."""
    one, other = (bounded(spell, number, -MAX_EXPONENT, MAX_EXPONENT) for number in (left, right))
    kind = Real(min(one.kind.least, other.kind.least) - 17, max(one.kind.most, other.kind.most) + 1)
    return Floating(f"({one.sql} {op} {other.sql})", kind)


def real_times(spell: Spelling, op: str, left: Floating, right: Floating) -> Floating:
    """A product, or a quotient: NULL by zero."""
    one, other = (bounded(spell, number, -MAX_EXPONENT // 2, MAX_EXPONENT // 2) for number in (left, right))
    if op == "*":
        kind = Real(one.kind.least + other.kind.least - 1, one.kind.most + other.kind.most + 1)
        return Floating(f"({one.sql} * {other.sql})", kind)
    kind = Real(one.kind.least - other.kind.most - 1, one.kind.most - other.kind.least + 1)
    return Floating(f"({one.sql} / nullif({other.sql}, 0))", kind)


def real_rounded(spell: Spelling, number: Floating, places: int) -> Floating:
    """The number with so many decimals, as far as a floating number has such."""
    unit = Floating(spell.real(f"{10**places}.0"), Real(0, places + 1))
    moved = real_times(spell, "*", number, unit)
    text = f"({spell.rounded(moved.sql)} / {unit.sql})"
    return Floating(text, Real(-places - 1, moved.kind.most))
