"""What a deletion does to those that refer to the deleted row: three levels, hard and soft, on both backends.

References hold whether the database enforces them or only the definition knows of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from crud import service
from crud.access.actor import Actor
from crud.definitions.reading import read_config
from crud.errors import ApiError
from crud.snapshots import startup
from crud.snapshots.state import Context
from sql.commands import Delete
from sql.database import Database, Options
from sql.expressions import Compare, Filter, Slot
from sql.expressions import Path as Column
from sql.opening import open_database
from sql.types import INTEGER
from tests.postgres import new_postgres
from tests.tables import each

BACKENDS = ("sqlite", "postgres")
LEVELS = ("tops", "middles", "leaves")
# (id, the id above it). 1 has a child with a child, 2 a child, 3 none; 4 stays with all that it has.
ROWS: dict[str, list[tuple[int, int | None]]] = {
    "tops": [(1, None), (2, None), (3, None), (4, None)],
    "middles": [(1, 1), (2, 2), (4, 4)],
    "leaves": [(1, 1), (4, 4)],
}
ACTIONS = ("cascade", "set null", "restrict", "no action")
State = dict[str, dict[int, str]]


@dataclass(frozen=True)
class Family:
    """Three tables, each of which refers to the one before: what deletions do, and which of them are soft."""

    number: int
    actions: tuple[str, str]
    soft: tuple[bool, bool, bool]
    enforced: tuple[bool, bool]

    def table(self, level: int) -> str:
        """The name of one of its tables."""
        return f"{LEVELS[level]}_{self.number}"

    def entity(self, level: int) -> str:
        """What the configuration says of it."""
        refers = f", references: {self.table(level - 1)}, on_delete: {self.actions[level - 1]}" if level else ""
        fields = f"{{id: {{type: integer, key: true}}, gone: {{type: datetime}}, up: {{type: integer{refers}}}}}"
        return f"{self.table(level)}: {{fields: {fields}{', soft_delete: gone' if self.soft[level] else ''}}}"

    def ddl(self, level: int) -> str:
        """Its table, as somebody else made it."""
        enforced = level and self.enforced[level - 1]
        link = f" REFERENCES {self.table(level - 1)} (id) ON DELETE {self.actions[level - 1]}" if enforced else ""
        return f"CREATE TABLE {self.table(level)} (id INTEGER PRIMARY KEY, gone TIME, up INTEGER{link})"

    def __str__(self) -> str:
        words = ["soft" if soft else "hard" for soft in self.soft]
        links = [
            f"{how}{'' if held else ' (only said)'}" for how, held in zip(self.actions, self.enforced, strict=True)
        ]
        return f"{words[0]}, {links[0]}, {words[1]}, {links[1]}, {words[2]}"


SOFT = ((False,) * 3, (True, False, False), (True, True, False), (True, True, True), (False, False, True))
ENFORCED = ((True, True), (False, False), (True, False), (False, True))
FAMILIES = [
    Family(number, (first, second), soft, enforced)
    for number, (first, second, soft, enforced) in enumerate(
        (first, second, soft, enforced)
        for first in ACTIONS
        for second in ACTIONS
        for soft in SOFT
        for enforced in ENFORCED
    )
]
SOME = FAMILIES[::3]  # each action, softness and enforcement with each other


# ---------------------------------------------------------------- what is expected, in plain Python


def whole() -> State:
    """The rows before anything is deleted."""
    return {name: {id: "alive" for id, _ in rows} for name, rows in ROWS.items()}


def expected(family: Family) -> State | None:
    """What is left when the first three rows of the first table are deleted; None where that is refused."""
    state = whole()
    return state if all(_deleted(family, state, 0, id, hard=False) for id in (1, 2, 3)) else None


def _deleted(family: Family, state: State, level: int, id: int, *, hard: bool) -> bool:
    """`hard`: the database removes the row, whatever its resource does."""
    soft = family.soft[level] and not hard
    if soft:
        state[LEVELS[level]][id] = "marked"
    else:
        del state[LEVELS[level]][id]
    below = [child for child, up in ROWS[LEVELS[level + 1]] if up == id] if level < 2 else []
    return all(_followed(family, state, level + 1, child, soft=soft) for child in below)


def _followed(family: Family, state: State, level: int, id: int, *, soft: bool) -> bool:
    """Whether the row may be left by the one above it, which is marked (`soft`) or removed."""
    match family.actions[level - 1]:
        case "cascade":
            return _deleted(family, state, level, id, hard=not soft and family.enforced[level - 1])
        case "set null":
            state[LEVELS[level]][id] = "alone"
            return True
        case "restrict":
            return False
        case _:
            return soft


# ---------------------------------------------------------------- the databases


@dataclass(frozen=True)
class Home:
    """A context over a database, and the database."""

    context: Context
    database: Database

    def delete(self, name: str, *ids: int) -> None:
        """Delete rows, each by its key, in one transaction."""
        where: Filter = Compare(Column("id"), "eq", (Slot(0, INTEGER),))
        service.write(self.context, [Delete(name, where, (id,), keyed=True) for id in ids])

    def rows(self, name: str) -> dict[int, str]:
        """What has become of the rows."""
        ups = dict(ROWS[name.split("_")[0]])
        found = self.database.fetch(f"SELECT id, up, gone FROM {name} ORDER BY id")
        return {
            int(str(id)): "marked" if gone else "alive" if up == ups[int(str(id))] else "alone"
            for id, up, gone in found
        }


Homes = Callable[[str, list[str], list[str]], Home]


@pytest.fixture(scope="session", params=BACKENDS)
def homes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    """`homes(entities, before, after)`: statements before the configuration is applied to an empty database, and after.

    `TIME` in a statement is the type of a time, on each backend in turn.
    """
    made: list[Database] = []

    def empty() -> str:
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('deleting') / 'family.sqlite'}"
        return new_postgres(request.getfixturevalue("postgres_server"))

    def home(entities: str, before: list[str], after: list[str]) -> Home:
        url = empty()
        run(url, before)
        file = tmp_path_factory.mktemp("home") / "config.yml"
        file.write_text(
            f"sources: {{default: {{database: '{url}'}}}}\nschemas: {{main: {{entities: {{{entities}}}}}}}\n"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DRAGOMAN_SECRET", "a secret of the tests, long enough for HS256")
            snapshot = startup.assemble(read_config(file), ())
        made.extend(snapshot.databases.values())
        run(url, after)
        return Home(Context(snapshot, Actor(roles=frozenset({"admin"}))), snapshot.system)

    yield home
    for database in made:
        database.close()


def run(url: str, statements: list[str]) -> None:
    """Run statements in one transaction."""
    database = open_database(url, options=Options())
    with database.transaction() as session:
        for statement in statements:
            session.execute(statement.replace("TIME", "TEXT" if url.startswith("sqlite") else "TIMESTAMPTZ"))
    database.close()


def rows_of(family: Family, level: int) -> str:
    """The statement that fills a table."""
    values = ", ".join(f"({id}, {'NULL' if up is None else up})" for id, up in ROWS[LEVELS[level]])
    return f"INSERT INTO {family.table(level)} (id, up) VALUES {values}"


@pytest.fixture(scope="module")
def families(homes: Homes) -> Home:
    """Some of the families in one database."""
    return home_of(homes, SOME)


@pytest.fixture(scope="module")
def all_families(homes: Homes) -> Home:
    """All of them."""
    return home_of(homes, FAMILIES)


def home_of(homes: Homes, chosen: list[Family]) -> Home:
    """Families with their rows."""
    every = [(family, level) for family in chosen for level in range(3)]
    tables = [family.ddl(level) for family, level in every]
    return homes(", ".join(f.entity(level) for f, level in every), tables, [rows_of(f, level) for f, level in every])


def examine(home: Home, family: Family) -> None:
    """Delete the first three rows of the first table, and look at all three."""
    wanted = expected(family)
    if wanted is None:
        with pytest.raises(ApiError) as refused:
            home.delete(family.table(0), 1, 2, 3)
        assert refused.value.kind == "conflict"
    else:
        home.delete(family.table(0), 1, 2, 3)
    assert {name: home.rows(family.table(level)) for level, name in enumerate(LEVELS)} == (wanted or whole())


@each("family", SOME, ids=str)
def test_what_becomes_of_those_that_refer(families: Home, family: Family) -> None:
    examine(families, family)


@pytest.mark.long
@each("family", FAMILIES, ids=str)
def test_what_becomes_of_those_that_refer_in_every_way(all_families: Home, family: Family) -> None:
    examine(all_families, family)


# ---------------------------------------------------------------- rows that refer to their own table


# (name, what the deletion of a row does, whether it is soft, whether the database knows) of tables with `up` in itself
SELVES = [
    (f"tree_{number}", action, soft, enforced)
    for number, (action, soft, enforced) in enumerate(
        (action, soft, enforced)
        for action in ("cascade", "set null", "restrict")
        for soft in (False, True)
        for enforced in (True, False)
    )
]
# 1 is above 2, which is above 3; 4 is above itself; 5 and 6 are above each other; 7 is alone.
TREE: dict[object, object] = {1: None, 2: 1, 3: 2, 4: 4, 5: 6, 6: 5, 7: None}


@pytest.fixture(scope="session")
def trees(homes: Homes) -> Home:
    """All tables that refer to themselves in one database."""
    entities, tables = [], []
    values = ", ".join(f"({id}, {'NULL' if up is None else up})" for id, up in TREE.items())
    for name, action, soft, enforced in SELVES:
        fields = f"id: {{type: integer, key: true}}, gone: {{type: datetime}}, up: {{type: integer, references: {name}"
        mark = ", soft_delete: gone" if soft else ""
        entities.append(f"{name}: {{fields: {{{fields}, on_delete: {action}}}}}{mark}}}")
        link = f" REFERENCES {name} (id) ON DELETE {action}" if enforced else ""
        tables.append(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, gone TIME, up INTEGER{link})")
    return homes(", ".join(entities), tables, [f"INSERT INTO {name} (id, up) VALUES {values}" for name, *_ in SELVES])


def living(home: Home, name: str) -> dict[object, object]:
    return dict(home.database.fetch(f"SELECT id, up FROM {name} WHERE gone IS NULL ORDER BY id"))  # type: ignore[arg-type]


@each(("name", "action", "soft", "enforced"), SELVES)
def test_rows_that_refer_to_their_own_table(trees: Home, name: str, action: str, soft: bool, enforced: bool) -> None:
    """Each deletion stands alone: rows above rows, a row above itself, rows above each other."""
    left: dict[object, object] = {**TREE}
    for start, below in ((1, (2, 3)), (5, (6,))):
        if action == "restrict":
            with pytest.raises(ApiError, match="refer"):
                trees.delete(name, start)
            continue
        trees.delete(name, start)
        for id in (start, *(below if action == "cascade" else ())):
            del left[id]
        left |= {id: None for id in below[:1] if action == "set null"}
        assert living(trees, name) == left
    trees.delete(name, 7)
    if action == "cascade":
        trees.delete(name, 4)
        assert living(trees, name) == {}
    total = trees.database.fetch(f"SELECT count(*) FROM {name}")[0][0]
    assert total == len(TREE) if soft else total == len(living(trees, name))


@pytest.mark.parametrize("soft", [False, True])
def test_rows_of_one_condition_that_refer_to_each_other(homes: Homes, soft: bool) -> None:
    """What happens to one of them does not hide another from the condition."""
    name = f"chain_{soft}".lower()
    mark = ", soft_delete: gone" if soft else ""
    refers = f"references: {name}, on_delete: set null"
    fields = f"id: {{type: integer, key: true}}, gone: {{type: datetime}}, up: {{type: integer, {refers}}}"
    table = f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, gone TIME, up INTEGER)"
    rows = f"INSERT INTO {name} (id, up) VALUES (1, 2), (2, 1), (3, 2), (4, 4), (9, NULL)"
    home = homes(f"{name}: {{fields: {{{fields}}}{mark}}}", [table], [rows])
    where: Filter = Compare(Column("up"), "lte", (Slot(0, INTEGER),))
    (written,) = service.write(home.context, [Delete(name, where, (1,))])
    assert (written.count, written.keys) == (1, ({"id": 2},))
    assert living(home, name) == {1: None, 3: None, 4: 4, 9: None}
