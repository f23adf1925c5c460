"""What a column's rules ask of a value: small validators for marshmallow, built once per column.

In: a `Column` and the kind of its database. Out: functions that raise marshmallow's ValidationError with one `Mistake`,
without the field's name, which `crud.schemas` puts in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError, validate

from crud.definitions.values import LENGTHS, bound
from crud.errors import Mistake
from sql.catalog import Column
from sql.ranges import Range
from sql.types import Type
from sql.values import to_json

Check = Callable[[Any], None]
INT32 = range(-(2**31), 2**31)
EXACT_DIGITS = 15
MOST_SHOWN = 80


def refused(rule: str, message: str, value: object = None) -> ValidationError:
    """A mistake on its way through marshmallow."""
    return ValidationError([Mistake("", message, rule, value)])


def checks_of(column: Column, backend: str = "") -> list[Check]:
    """All that is asked of a value of the column, once it has the column's type."""
    return [*_ruled(column), *_typed(column.type, backend)]


def _ruled(column: Column) -> Iterator[Check]:
    for rule, said in column.rules.items():
        maker = _MAKERS.get(rule)
        if maker is not None:
            yield maker(column.type, said)


def _typed(type: Type, backend: str) -> Iterator[Check]:
    """What a type asks for beyond its values: the digits of a decimal, the width that a database has for it."""
    if type.name == "email":
        yield _email
    if type.name == "decimal" and type.precision is not None:
        yield _digits(type.precision, type.scale or 0)
    if type.name == "decimal" and backend == "sqlite":
        yield _exact
    if type.name == "integer":
        yield _int32
    if type.name == "array" and type.item is not None:
        yield from map(_of_each, _typed(type.item, backend))


def _each(type: Type, said: object) -> Check:
    """Rules of a list speak of each of its items, those of a range of both its ends."""
    item = type.item or type
    rules = said.items() if isinstance(said, Mapping) else ()
    checks = [_MAKERS[rule](item, value) for rule, value in rules]

    def check_all(value: Any) -> None:
        items = (value.lower, value.upper) if isinstance(value, Range) else value
        for one in (item for item in items if item is not None):
            for check in checks:
                check(one)

    return check_all


def _whole(type: Type, said: object) -> Check:
    def check(value: Any) -> None:
        if said and value != int(value):
            raise refused("whole", f"Value {_shown(value)} is not a whole number", value)

    return check


def _of_each(check: Check) -> Check:
    """The check of an array whose items are checked."""

    def check_all(value: Any) -> None:
        for item in value:
            if item is not None:
                check(item)

    return check_all


# ---------------------------------------------------------------- bounds


def _max(type: Type, said: object) -> Check:
    if type.family in LENGTHS:
        return _max_length(type, said)
    most: Any = bound(type, said)

    def check(value: Any) -> None:
        if value > most:
            raise refused("max", f"Value {_shown(value)} is greater than maximum {said}", value)

    return check


def _min(type: Type, said: object) -> Check:
    if type.family in LENGTHS:
        return _min_length(type, said)
    least: Any = bound(type, said)

    def check(value: Any) -> None:
        if value < least:
            raise refused("min", f"Value {_shown(value)} is less than minimum {said}", value)

    return check


def _max_length(type: Type, said: object) -> Check:
    most: Any = bound(type, said)

    def check(value: Any) -> None:
        if len(value) > most:
            raise refused("max_length", f"{_sized(type, value)} is longer than {said}", value)

    return check


def _min_length(type: Type, said: object) -> Check:
    least: Any = bound(type, said)

    def check(value: Any) -> None:
        if len(value) < least:
            raise refused("min_length", f"{_sized(type, value)} is shorter than {said}", value)

    return check


def _sized(type: Type, value: Any) -> str:
    return f"List of {len(value)} items" if type.family == "array" else f"Text of {len(value)} characters"


def _shown(value: object) -> str:
    return (f"{value:f}" if isinstance(value, Decimal) else str(to_json(value)))[:MOST_SHOWN]


# ---------------------------------------------------------------- forms


def _pattern(type: Type, said: object) -> Check:
    wanted = re.compile(str(said))

    def check(value: str) -> None:
        if not wanted.fullmatch(value):
            raise refused("pattern", f"Text does not match the pattern {said}", value)

    return check


_LONGEST = 2000  # the validators' expressions take their time over what is longer
_EMAIL, _URL = validate.Email(), validate.URL(schemes={"http", "https"}, require_tld=False)


def _email(value: str) -> None:
    _valid(_EMAIL, "email", value)


def _url(value: str) -> None:
    _valid(_URL, "url", value)


def _valid(validator: Callable[[str], object], rule: str, value: str) -> None:
    if len(value) > _LONGEST:
        raise refused(rule, f"Expected {_FORMATS[rule]}", value)
    try:
        validator(value)
    except ValidationError:
        raise refused(rule, f"Expected {_FORMATS[rule]}", value) from None


_FORMATS = {"email": "an e-mail address", "url": "a URL like https://example.com/"}


def _format(type: Type, said: object) -> Check:
    return _email if said == "email" else _url


def _shape(type: Type, said: object) -> Check:
    wanted, words = (dict, "a JSON object") if said == "object" else (list, "a JSON list")

    def check(value: object) -> None:
        if not isinstance(value, wanted):
            raise refused("type", f"Expected {words}", value)

    return check


# ---------------------------------------------------------------- digits


def _digits(precision: int, scale: int) -> Check:
    """Digits that the column would round away are a mistake, never lost."""

    def check(value: Decimal) -> None:
        digits, exponent = _significant(value)
        if digits and -exponent > scale:
            raise refused("precision", f"Value {_shown(value)} has more than {scale} decimals", value)
        if digits and digits + exponent > precision - scale:
            problem = f"has more than {precision - scale} digits before the point"
            raise refused("precision", f"Value {_shown(value)} {problem}", value)

    return check


def _exact(value: Decimal) -> None:
    """SQLite keeps a decimal as a binary number, which is exact so far."""
    if _significant(value)[0] > EXACT_DIGITS:
        raise refused("precision", f"Value {_shown(value)} has more than {EXACT_DIGITS} digits", value)


def _significant(value: Decimal) -> tuple[int, int]:
    """(digits without leading and trailing zeros, exponent of the last of them)."""
    _, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    bare = text.rstrip("0")
    return len(bare), int(exponent) + len(text) - len(bare)


def _int32(value: int) -> None:
    if value not in INT32:
        raise refused("type", f"Expected an integer between {INT32[0]} and {INT32[-1]}", value)


_MAKERS: Mapping[str, Callable[[Type, object], Check]] = MappingProxyType(
    {
        "max": _max,
        "min": _min,
        "max_length": _max_length,
        "min_length": _min_length,
        "pattern": _pattern,
        "format": _format,
        "whole": _whole,
        "each": _each,
        "shape": _shape,
    }
)
