"""Rows that are written in a plan.

In: `data`, a row or a list of rows. Out: `Rows`, the columns of which have the type that all their values have.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from crud.errors import ApiError
from crud.plans.draft import Mistake, Step
from sql.errors import BadValue
from sql.expressions import Value
from sql.query import LATER, Rows
from sql.types import BIGINT, BOOLEAN, DECIMAL, STRING, Type
from sql.values import coerce

MOST = 1000
_TYPES: tuple[tuple[type, Type], ...] = ((bool, BOOLEAN), (int, BIGINT), (float, DECIMAL), (Decimal, DECIMAL))


def rows_of(step: Step, data: object) -> Rows:
    """The rows as a table. Raises Mistake."""
    given = data if isinstance(data, list) else [data]
    listed = [row for row in given if isinstance(row, Mapping)]
    if len(listed) > MOST:
        raise Mistake(f"has more than {MOST} rows", key="data")
    names = dict.fromkeys(str(name) for row in listed for name in row)
    types = {name: _type(name, (row.get(name) for row in listed)) for name in names}
    rows = tuple(tuple(_value(step, types[name], row.get(name)) for name in names) for row in listed)
    return Rows(tuple(types.items()), rows)


def _type(name: str, values: Iterable[object]) -> Type:
    """Of which type a column is; what is worked out later is a text where nothing else tells."""
    found = {_kind(name, value) for value in values if value is not None}
    if found == {BIGINT, DECIMAL}:
        return DECIMAL
    if len(found) > 1:
        raise Mistake(f"{name!r} has values of several types", key="data")
    return next(iter(found), STRING)


def _kind(name: str, value: object) -> Type:
    if isinstance(value, Mapping | list):
        raise Mistake(f"{name!r} has values that are no scalars", key="data")
    return next((type for python, type in _TYPES if isinstance(value, python)), STRING)


def _value(step: Step, type: Type, raw: object) -> Value:
    try:
        meant = step.draft.texts.inside(raw, step.at)
        value = meant if meant is None or meant is LATER else coerce(type, str(meant) if type is STRING else meant)
        return step.draft.values.bind(value, type)
    except BadValue as error:
        raise Mistake(str(error), key="data") from None
    except ApiError as error:
        raise error if error.kind == "busy" else Mistake(error.message.removeprefix(f"{step.at}: ")) from None
