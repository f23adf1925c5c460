"""What the property test once found, each as one query."""

from decimal import Decimal

import pytest

from sql.expressions import And, Cast, Compare, Filter, Hop, Not, Or, Path, Relevance, Slot, Some
from sql.operators import CAST_TYPES
from sql.query import Aggregate, Asked, Query, Select, Sort
from sql.types import BIGINT, DECIMAL, INTEGER, TEXT
from tests.property.comparing import Opened, agreed

KEY = (Select(Path("id"), "id"),)
IN_NOTHING = Compare(Path("whole"), "in", (Slot(0, INTEGER, many=True),))
IN_SOMETHING = Compare(Path("whole"), "not_in", (Slot(0, INTEGER, many=True),))


def _thing(where: Filter) -> Query:
    return Query("thing", KEY, where)


def _group(aggregate: Aggregate) -> Query:
    group = (Select(Path("owner_id"), "owner"),)
    return Query("thing", (), sort=(Sort(Path(aggregate.alias), True),), group=group, aggregates=(aggregate,))


CASES: dict[str, Asked] = {
    "NULL is in no list, not even an empty one, under a list that is turned round": Asked(
        _thing(Not(And((IN_NOTHING, Compare(Path("id"), "ne", (Slot(1, INTEGER),)))))), ((), 3)
    ),
    "the same under OR": Asked(_thing(Not(Or((IN_NOTHING, Not(IN_SOMETHING))))), ((),)),
    "the same turned round twice": Asked(_thing(Not(Not(IN_SOMETHING))), ((),)),
    "a turned list keeps its place among others": Asked(
        _thing(
            And(
                (
                    Not(And((Compare(Path("id"), "gt", (Slot(0, INTEGER),)), Compare(Path("flag"), "is_null")))),
                    Compare(Path("id"), "lt", (Slot(1, INTEGER),)),
                )
            )
        ),
        (20, 40),
    ),
    "no column is relevant": Asked(
        Query("thing", KEY, sort=(Sort(Relevance((), Slot(0, TEXT)), True), Sort(Path("line")))), ("a",)
    ),
    "children through a junction at the end of hops": Asked(_thing(Some("tags", And(), (Hop("up"), Hop("up"))))),
    "groups by the sum of decimals": Asked(_group(Aggregate("sum", "sum", Path("price")))),
    "groups by the sum of whole numbers": Asked(_group(Aggregate("sum", "sum", Path("big")))),
    "groups by the average of decimals": Asked(_group(Aggregate("avg", "avg", Path("price")))),
    "groups by the average of whole numbers": Asked(_group(Aggregate("avg", "avg", Path("whole")))),
    "the largest whole number stays itself": Asked(
        Query("thing", (*KEY, Select(Cast(Path("big"), CAST_TYPES["integer"]), "cast")))
    ),
    "a float of seventeen digits is a decimal of fifteen": Asked(
        Query("thing", (*KEY, Select(Cast(Path("real"), DECIMAL), "cast")))
    ),
    "a whole number beyond its column": Asked(
        _thing(Compare(Path("whole"), "lt", (Slot(0, BIGINT),))),
        (2**40,),
    ),
    "a decimal finer than its column": Asked(
        _thing(Compare(Path("price"), "gte", (Slot(0, DECIMAL),))), (Decimal("1.5001"),)
    ),
}


@pytest.mark.parametrize("asked", CASES.values(), ids=CASES.keys())
def test_what_once_differed_agrees(opened: dict[str, Opened], asked: Asked) -> None:
    assert agreed(opened, asked.query, asked.values)
