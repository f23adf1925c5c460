"""What the property test of writes once found, each as a few requests."""

import pytest

from sql.commands import Command, Delete, Ensure, Ref, Update, UpdateFirst, Upsert
from sql.expressions import TRUE, Compare, Path, Slot
from sql.query import Query, Select
from sql.types import BIGINT, TEXT
from tests.property.beginning import begun, rows
from tests.property.rows import Sent
from tests.property.writing import Opened, agreed

SEVEN = Sent(7, 7)
SHORT = Sent("x", "x")
LINES = Query("log", (Select(Path("line"), "line"),))
NODES = Query("node", (Select(Path("id"), "id"),))


def _where(column: str, value: object) -> dict[str, object]:
    type = TEXT if isinstance(value, str) else BIGINT
    return {"where": Compare(Path(column), "eq", (Slot(0, type),)), "values": (value,)}


# what → (who, commands, how they are refused) of each request
Requests = list[tuple[str, list[Command], str | None]]
CASES: dict[str, Requests] = {
    "a status of NULL is not deleted": [("admin", [rows("person", {"name": "a", "state": None})], None)],
    "rows without a key are changed where an answer would show them": [
        ("admin", [Update("log", changes={"line": Sent("b", "b")}, shown=LINES, **_where("line", "first"))], None)
    ],
    "a row without a key is not found again": [
        ("admin", [Upsert("log", {"line": Sent("first", "first")}, ("line",))], "invalid")
    ],
    "who may not read a row does not find it by ensuring it": [
        ("member", [Ensure("node", row={"id": Sent(1, 1)}, **_where("id", 1))], "conflict"),
        ("member", [Ensure("node", TRUE, {"id": SEVEN})], None),
    ],
    "a row that is changed and shown has its new key": [
        ("admin", [UpdateFirst("node", changes={"id": SEVEN}, shown=NODES, **_where("id", 1))], None)
    ],
    "rows that go with others of the same table are counted": [
        ("admin", [rows("node", {"id": 7, "root": 1})], None),
        ("admin", [Delete("node", TRUE)], None),
    ],
    "changed rows are shown by key": [
        ("admin", [rows("node", {"id": 9}, {"id": 8})], None),
        ("admin", [Update("node", changes={"code": SHORT}, keyed=True, **_where("id", 2))], None),
        ("admin", [Update("node", TRUE, {"up": None}, shown=NODES)], None),
    ],
    "every command may refer to an earlier one": [
        (
            "admin",
            [
                rows("node", {"id": 7}),
                Ensure("node", row={"id": Sent(8, 8), "up": Ref(0, "id")}, **_where("id", 8)),
                Upsert("node", {"id": Sent(9, 9), "up": Ref(1, "id")}, ("id",)),
                Upsert("node", {"id": Sent(1, 1), "up": Ref(2, "id")}, ("id",)),
                Update("node", changes={"up": Ref(3, "id")}, keyed=True, **_where("id", 2)),
                UpdateFirst("node", changes={"root": Ref(4, "id")}, **_where("id", 3)),
                Ensure("node", row={"id": SEVEN}, **_where("id", 7)),
                rows("node", {"id": 10, "up": Ref(6, "id")}),
            ],
            None,
        )
    ],
}


@pytest.mark.parametrize("requests", CASES.values(), ids=CASES.keys())
@pytest.mark.usefixtures("rising_uuids")
def test_what_once_differed_agrees(both: Opened, requests: Requests) -> None:
    world = begun(both)
    for actor, commands, expected in requests:
        refused = agreed(both, world, actor, commands)
        assert (refused.kind if refused else None) == expected
