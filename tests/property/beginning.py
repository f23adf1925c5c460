"""What the tables of writes hold to begin with.

In: the databases. Out: a `World` like them: some rows in each table, some that refer to others, two that are deleted.
"""

from collections.abc import Mapping

from sql.commands import Command, Delete, Insert, Ref
from sql.expressions import Compare, Path, Slot
from sql.types import INTEGER, UUID
from tests.property.model import World
from tests.property.rows import Sent
from tests.property.writing import Opened, agreed, emptied


def begun(both: Opened) -> World:
    """The tables with their first rows and no others."""
    world = World()
    for served in both.values():
        emptied(served)
    assert agreed(both, world, "admin", FIRST) is None
    assert agreed(both, world, "admin", _gone(world)) is None
    return world


def rows(resource: str, *rows: Mapping[str, object]) -> Insert:
    """New rows of good values."""
    made = [{n: v if isinstance(v, Ref) else Sent(v, v) for n, v in row.items()} for row in rows]
    return Insert(resource, tuple(made))


_TEAM, _PERSON = Ref(1, "id"), Ref(2, "id")
FIRST: list[Command] = [
    rows("node", *({"id": number, "code": f"node {number}"} for number in range(1, 4))),
    rows("team", *({"name": f"Team {number}", "size": 20 * number} for number in range(1, 5))),
    rows("person", *({"name": f"Person {n}", "kind": kind} for n, kind in enumerate(("staff", "staff", "guest")))),
    rows("loan", {"person_id": _PERSON, "big": 1}, {"person_id": _PERSON, "flag": True}),
    rows("badge", *({"team_id": _TEAM, "number": n, "label": f"b{n}", "holder_id": _PERSON} for n in (1, 2))),
    rows("log", {"line": "first", "team_id": _TEAM}),
    rows("bill", *({"tenant": f"t{n % 2 + 1}", "title": f"bill {n}"} for n in range(4))),
]


def _gone(world: World) -> list[Command]:
    """The last team and the last person are deleted, softly."""
    return [
        Delete(name, Compare(Path("id"), "eq", (Slot(0, type),)), (world.tables[name][-1]["id"],), keyed=True)
        for name, type in (("team", INTEGER), ("person", UUID))
    ]
