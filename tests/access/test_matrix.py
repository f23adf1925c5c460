"""Roles × actions × resources × dialects × own and foreign rows × visible and hidden fields: every cell a request.

What must come of it says `tests.access.model`, which reads the rules a second time. A test is one caller on one
database; it tells all cells that are wrong. `make test` tries a part that a seed chooses, `make test-long` all of them.
"""

import json
import random
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.identity import accounts
from sql.database import Database
from tests.access.model import Answer, Caller, Model, Row, Table
from tests.dialects.conftest import sibling, token_of
from tests.newcomers import create_account

SEED, PART = 20240501, 32
ACME, OTHER = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"
MINE, THEIRS = "00000000-0000-0000-0000-0000000000b1", "00000000-0000-0000-0000-0000000000b2"
ME = "o'me"
USUAL = ("id", "owner", "owner_id", "team", "title", "secret", "level")
TABLES = {
    table.name: table
    for table in (
        Table("plain", USUAL),
        Table("leased", USUAL, tenant="team"),
        Table("fading", (*USUAL, "gone"), gone="gone"),
        Table("tasks", (*USUAL, "nest_id"), hidden=True, parent=("nest_id", "nest", "nests")),
        Table("gated.items", USUAL, schema="gated"),
    )
}
NESTS = Table("nests", ("id", "owner"))
DIALECTS = ("phantom", "xond", "sonicjs", "metal", "baasix")

# ---------------------------------------------------------------- rules


def each(role: str, *actions: str, **more: object) -> list[dict[str, object]]:
    """The same rule for every table, by name."""
    return [{"role": role, "resource": name, "actions": [*actions], **more} for name in TABLES]


def every(role: str, *actions: str, **more: object) -> list[dict[str, object]]:
    """A rule for all tables at once."""
    return [{"role": role, "resource": "*", "actions": [*actions], **more}]


def on(role: str, resource: str, *actions: str, **more: object) -> list[dict[str, object]]:
    """A rule for one table."""
    return [{"role": role, "resource": resource, "actions": [*actions], **more}]


def no(rules: list[dict[str, object]]) -> list[dict[str, object]]:
    """The same as denials."""
    return [{**rule, "allow": False} for rule in rules]


OWN = {"owner": "$CURRENT_USER.name"}
HIGH: dict[str, object] = {"level": {"gt": 5}}
RULES: list[dict[str, Any]] = [
    *every("full", "*"),
    *each("lists", "read", fields=["id", "title", "owner"]),
    *each("lists", "create", fields=["id", "title", "owner"]),
    *on("lists", "tasks", "create", fields=["id", "title", "owner", "nest_id"]),
    *each("lists", "update", fields=["title"]),
    *each("lists", "delete"),
    *each("excluded", "read", fields=["*", "-secret"]),
    *each("excluded", "create", fields=["-secret", "-level"]),
    *each("excluded", "update", fields=["*", "-secret", "-owner"]),
    *each("star", "*", fields=["*"]),
    *on("star", "leased", "create", fields=["*", "team"]),
    *each("keyless", "read", "update", "delete", fields=["*", "-id"]),
    *each("empty", "*", fields=[]),
    *each("mine", "*", where=OWN),
    *each("by_id", "*", where={"owner_id": "$CURRENT_USER"}),
    *each("by_team", "*", where={"team": "$CURRENT_TENANT"}),
    *every("kin", "read"),
    *on("kin", "tasks", "*", where={"nest.owner": "$CURRENT_USER.name"}),
    *every("denied", "*"),
    *no(on("denied", "plain", "*")),
    *no(on("denied", "leased", "*", fields=["secret"])),
    *no(on("denied", "fading", "*", where=HIGH)),
    *no(on("denied", "tasks", "read", fields=["title"], where=HIGH)),
    *no(on("denied", "gated.items", "delete", "create")),
    *no(each("denier", "read", "update", where={"level": 9})),
    *no(every("denier", "*", fields=["secret"])),
    *each("adder_a", "read", fields=["id", "title", "owner"], where=OWN),
    *each("adder_b", "read", fields=["id", "title", "secret", "level"], where=HIGH),
    *each("adder_a", "update", fields=["title"]),
    *each("adder_b", "update", fields=["secret"], where=OWN),
    *each("adder_a", "create", fields=["id", "title"]),
    *each("adder_b", "delete", where=HIGH),
    *every("general", "*"),
    *on("general", "plain", "read", fields=["id", "title"]),
    *on("general", "leased", "read", "update", where={"level": {"lt": 5}}),
    *on("general", "tasks", "create", fields=["id", "title"]),
    *on("lettered", "tasks", "update", fields=["title"]),
    *on("lettered", "gated.items", "delete", where=OWN),
    *each("writer", "create", "update", "delete"),
    *each("reviser", "read", where=OWN),
    *each("reviser", "update", "delete"),
    *each("filled", "read"),
    *each("filled", "create", fields=["id", "title"], where=OWN, defaults={**OWN, "level": 3}),
    *on("anon", "plain", "read", fields=["id", "title", "level"], where={"level": {"lt": 5}}),
    *on("anon", "tasks", "create", fields=["id", "title", "nest_id"]),
    *on("anon", "gated.items", "read", "update"),
    *on("anon", "leased", "read", "create", fields=["*", "team"]),
]
LETTERED = {"lettered": "crl", "barred": "a", "listing": "l"}
GATES = {"gated": ["lettered"]}


def caller(name: str, *roles: str, tenant: str | None = ACME, id: str | None = None) -> Caller:
    """Somebody with these roles, or with one that is called as he is."""
    id = id or str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    return Caller(name, roles or (name,), tenant, id, {"name": ME, "id": id})


CALLERS = {
    one.name: one
    for one in (
        *(caller(name) for name in ("full", "lists", "excluded", "keyless", "empty", "mine", "by_team", "kin")),
        *(
            caller(name)
            for name in ("denied", "general", "lettered", "barred", "writer", "reviser", "filled", "stranger")
        ),
        caller("by_id", id=MINE),
        caller("star", tenant=None),
        caller("adders", "adder_a", "adder_b"),
        caller("full and denied", "full", "denied"),
        caller("full and denier", "full", "denier"),
        caller("listing and mine", "listing", "mine", tenant=None),
        caller("mine and lettered", "mine", "lettered"),
        caller("head", "tenant-admin"),
        caller("head with rules", "tenant-admin", "lists"),
        caller("root", "admin", tenant=None),
        caller("home", "admin"),
        Caller("nobody", ("anon",)),
    )
}

# ---------------------------------------------------------------- rows


def row(id: int, owner: str | None, team: str, secret: str, level: int | None, **more: object) -> Row:
    """A row: what the tables have in common."""
    owner_id = None if owner is None else MINE if owner == ME else THEIRS
    return {
        "id": id,
        "owner": owner,
        "owner_id": owner_id,
        "team": team,
        "title": f"title {9 - id}",
        "secret": secret,
        "level": level,
        **more,
    }


ROWS: dict[str, dict[int, Row]] = {
    table.name: {
        one["id"]: {**one, **({"gone": None} if table.gone else {}), **({"nest_id": None} if table.parent else {})}
        for one in (
            row(1, ME, ACME, "dove", 1),
            row(2, "other", OTHER, "bird", 9),
            row(3, ME, ACME, "ant", 9),
            row(4, "other", ACME, "cat", 2),
            row(5, ME, OTHER, "eel", None),
            row(6, None, ACME, "fox", 6),
        )
    }
    for table in TABLES.values()
}
ROWS["fading"][3]["gone"] = ...
for number, parent in ((1, 1), (2, 2), (3, 4), (4, 3), (5, None), (6, 6)):
    ROWS["tasks"][number]["nest_id"] = parent
ROWS["nests"] = {n: {"id": n, "owner": ROWS["plain"][n]["owner"]} for n in ROWS["plain"]}
LONG_AGO = "2024-01-01T00:00:00.000Z"
OWN_ROW, FOREIGN_ROW, LOST_ROW, NEW = 1, 2, 3, 50
MODEL = Model(TABLES, RULES, LETTERED, GATES, ROWS)

# ---------------------------------------------------------------- the application

FIELD = {"id": "{type: integer, key: true}", "level": "{type: integer}", "gone": "{type: datetime}"}
FIELD |= {"owner_id": "{type: uuid}", "team": "{type: uuid}", "nest_id": "{type: integer, references: nests}"}


def config() -> str:
    """The configuration of these tables and rules."""
    text = "sources: {default: {database: '${DATABASE_URL}', options: {pool_size: 2}}}\n"
    text += f"auth: {{secret: '${{DRAGOMAN_SECRET}}'}}\nroles: {json.dumps(LETTERED)}\nschemas:\n"
    for schema in ("main", "gated"):
        gate = f", roles: {json.dumps(GATES[schema])}" if schema in GATES else ""
        mine = [entity(table) for table in (NESTS, *TABLES.values()) if table.schema == schema]
        text += f"  {schema}: {{source: default{gate}, entities: {{{', '.join(mine)}}}}}\n"
    return text + "rules:\n" + "".join(f"  - {json.dumps(rule)}\n" for rule in RULES)


def entity(table: Table) -> str:
    """A table as an entity."""
    fields = ", ".join(f"{name}: {FIELD.get(name, '{type: string}')}" for name in table.columns)
    more = f", tenant: {table.tenant}" if table.tenant else ""
    more += f", soft_delete: {table.gone}" if table.gone else ""
    more += ", hidden: true" if table.hidden else ""
    return f"{table.name.split('.')[-1]}: {{fields: {{{fields}}}{more}}}"


@dataclass(frozen=True)
class World:
    """The application, its database, the headers of its callers."""

    client: FlaskClient
    database: Database
    headers: Mapping[str, dict[str, str]]

    def fill(self, *names: str) -> None:
        """The rows of these tables as they were."""
        with self.database.transaction() as session:
            for name in names:
                session.execute(f"DELETE FROM {_stored(name)}")
                for one in ROWS[name].values():
                    values = tuple(LONG_AGO if value is ... else value for value in one.values())
                    text = f"INSERT INTO {_stored(name)} ({', '.join(one)}) VALUES ({', '.join('?' * len(one))})"
                    session.execute(accounts.sql_for(self.database, text), values)

    def rows(self, table: Table) -> dict[int, Row]:
        """What a table holds."""
        found = self.database.fetch(f"SELECT {', '.join(table.columns)} FROM {_stored(table.name)}")
        made = [dict(zip(table.columns, map(_plain, one), strict=True)) for one in found]
        for one in made:
            if one.get("gone") is not None:
                one["gone"] = ...
        return {one["id"]: one for one in made}


def _stored(name: str) -> str:
    return name.split(".")[-1]


def _plain(value: object) -> Any:
    return str(value) if isinstance(value, uuid.UUID) else value


@pytest.fixture(scope="session")
def matrix(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The application over a database of its own, with its callers and rows."""
    app = make_app(config(), sibling(database_url, tmp_path_factory))
    database: Database = app.extensions["dragoman"].state.current().databases["default"]
    with database.transaction() as session:
        for tenant in (ACME, OTHER):
            text = accounts.sql_for(database, "INSERT INTO _dragoman_tenants (id, name) VALUES (?, ?)")
            session.execute(text, (tenant, tenant))
    for one in CALLERS.values():
        if one.id is not None:
            sign_up(database, one)
    tokens = {one.name: token_of(app, one.id) for one in CALLERS.values() if one.id}
    headers = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    made = World(app.test_client(use_cookies=False), database, {"nobody": {}, **headers})
    made.fill("nests", *TABLES)
    return made


def sign_up(database: Database, one: Caller) -> None:
    """An account for a caller."""
    email = f"{one.name.replace(' ', '.')}@example.com"
    create_account(database, email=email, password_hash="x", name=ME, tenant_id=one.tenant, id=one.id)
    with database.transaction() as session:
        for role in one.roles:
            stored, tenant = ("administrator", one.tenant) if role == "tenant-admin" else (role, None)
            accounts.grant(database, session, account=str(one.id), role=accounts.stored_role(stored), tenant=tenant)


# ---------------------------------------------------------------- cells


@dataclass(frozen=True)
class Cell:
    """One question: what is done to which row of which table, in which dialect, and the field that it is about."""

    table: str
    dialect: str
    action: str
    key: int = 0
    field: str = ""


def cells() -> Iterator[Cell]:
    """All questions to one caller."""
    for table, dialect in product(TABLES, DIALECTS):
        yield from (Cell(table, dialect, "one", key) for key in (OWN_ROW, FOREIGN_ROW, LOST_ROW, 99))
        yield Cell(table, dialect, "list")
        for action in ("filter", "sort"):
            yield from (Cell(table, dialect, action, 0, name) for name in ("title", "secret", "level", "nosuch"))
        for name, key in product(("", "secret", "team", "nosuch"), (OWN_ROW, FOREIGN_ROW)):
            yield Cell(table, dialect, "create", key, name)
        for name, key in product(("title", "secret", "owner", "nosuch"), (OWN_ROW, FOREIGN_ROW, LOST_ROW)):
            yield Cell(table, dialect, "update", key, name)
        yield from (Cell(table, dialect, "delete", key) for key in (OWN_ROW, FOREIGN_ROW, LOST_ROW, 4, 99))


CELLS = tuple(cells())
NEW_VALUE = {"title": "new", "secret": "new", "owner": "other", "team": OTHER, "nosuch": 1}


def new_row(cell: Cell) -> Row:
    """The row that a cell of creating sends: one's own, or one like the foreign row."""
    own = cell.key == OWN_ROW
    made: Row = {"id": NEW, "title": "new"}
    made |= {"owner": ME if own else "other"} if cell.field != "secret" else {}
    made |= {"nest_id": 1 if own else 2} if cell.table == "tasks" else {}
    return made | ({cell.field: NEW_VALUE[cell.field]} if cell.field else {})


def expected(one: Caller, cell: Cell) -> Answer:
    """What the model says."""
    table, drops, by_filter = TABLES[cell.table], cell.dialect == "baasix", cell.dialect == "metal"
    match cell.action:
        case "one" if by_filter:
            return MODEL.many(one, table, where=("id", cell.key))
        case "one":
            return MODEL.one(one, table, cell.key)
        case "list":
            return MODEL.many(one, table)
        case "filter":
            return MODEL.many(one, table, where=(cell.field, ROWS[cell.table][OWN_ROW].get(cell.field)))
        case "sort":
            return MODEL.many(one, table, sort=cell.field)
        case "create":
            return MODEL.create(one, table, new_row(cell), drops=drops)
        case "update":
            changes = {cell.field: NEW_VALUE[cell.field]}
            return MODEL.update(one, table, cell.key, changes, drops=drops, by_filter=by_filter)
        case _:
            return MODEL.delete(one, table, cell.key, by_filter=by_filter)


# ---------------------------------------------------------------- each dialect's way

BASES = {"phantom": "/api", "xond": "/json", "sonicjs": "/v1", "metal": "/schema", "baasix": "/items"}
Way = tuple[str, str, object]


def way(cell: Cell) -> Way:
    """The request of a cell: method, path, JSON."""
    name = cell.table if cell.dialect != "metal" else f"{TABLES[cell.table].schema}/{_stored(cell.table)}"
    path, shown = f"{BASES[cell.dialect]}/{name}", _name(cell)
    at, found = f"{path}/{cell.key}", {"filter": {"id": cell.key}}
    match cell.action, cell.dialect:
        case "one", "metal":
            return "GET", f"{path}?filter={quote(json.dumps({'id': cell.key}))}", None
        case "one", _:
            return "GET", at, None
        case "list", _:
            return "GET", path, None
        case "filter", _:
            return "GET", f"{path}?{_filter(cell, shown)}", None
        case "sort", _:
            return "GET", f"{path}?{_sort(cell, shown)}", None
        case "create", _:
            return "POST", path, _wrapped(cell, new_row(cell))
        case "update", "metal":
            return "PATCH", path, {**found, "data": {cell.field: NEW_VALUE[cell.field]}}
        case "update", _:
            method = "PATCH" if cell.dialect == "baasix" else "PUT"
            return method, at, _wrapped(cell, {cell.field: NEW_VALUE[cell.field]})
        case _, "metal":
            return "DELETE", path, found
        case _:
            return "DELETE", at, None


def _name(cell: Cell) -> str:
    return cell.field if cell.dialect != "xond" else re.sub(r"_(\w)", lambda m: m[1].upper(), cell.field)


def _wrapped(cell: Cell, data: Row) -> object:
    return {"data": data} if cell.dialect in ("sonicjs", "metal") else data


def _filter(cell: Cell, name: str) -> str:
    value = ROWS[cell.table][OWN_ROW].get(cell.field, "x")
    match cell.dialect:
        case "phantom":
            return f"where[{name}]={value}"
        case "sonicjs":
            return f"filters[{name}]={value}"
        case "xond":
            return "filter=" + quote(json.dumps([{"field": name, "comparison": "equals", "value": value}]))
        case "metal":
            return "filter=" + quote(json.dumps({name: value}))
        case _:
            return "filter=" + quote(json.dumps({name: {"eq": value}}))


def _sort(cell: Cell, name: str) -> str:
    match cell.dialect:
        case "xond":
            return "sort=" + quote(json.dumps([{"field": name, "direction": "asc"}]))
        case "metal":
            return "sort=" + quote(json.dumps({name: "asc"}))
        case _:
            return f"sort={name}"


# ---------------------------------------------------------------- answers

STATUS: Mapping[str, Mapping[str, int]] = {
    "phantom": {"forbidden": 403, "missing": 404},
    "xond": {"forbidden": 403, "missing": 404},
    "sonicjs": {"forbidden": 401, "missing": 404},
    "metal": {"forbidden": 403, "missing": 204},
    "baasix": {"forbidden": 403, "missing": 403},
}


def statuses(one: Caller, cell: Cell, answer: Answer) -> set[int]:
    """The statuses that say what the model says."""
    match answer.kind:
        case "ok":
            return {200, 201, 204}
        case "unknown" | "invalid":
            return {400}
        case "hidden":
            return {404}
        case "forbidden" if cell.dialect != "baasix" and one.id is None and answer is not None:
            return {401, STATUS[cell.dialect]["forbidden"]}
        case kind:
            return {STATUS[cell.dialect][kind]}


def told(cell: Cell, answer: TestResponse) -> list[Row] | None:
    """The rows of an answer under their exact names; None where it has none to show."""
    body = answer.get_json(silent=True)
    if body is None or (cell.dialect == "metal" and answer.request.method != "GET"):
        return None
    data = body.get("rows", body.get("data", body)) if isinstance(body, dict) else body
    rows = data if isinstance(data, list) else [data]
    return [{_exact(cell, name): _seen(name, value) for name, value in one.items()} for one in rows]


def _exact(cell: Cell, name: str) -> str:
    return re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name) if cell.dialect == "xond" else name


def _seen(name: str, value: object) -> object:
    return ... if name == "gone" and value is not None else value


def wrong(world: World, one: Caller, cell: Cell) -> str | None:
    """What a request has done that the model does not say."""
    wanted, table = expected(one, cell), TABLES[cell.table]
    method, path, body = way(cell)
    more: dict[str, Any] = {} if body is None else {"json": body}
    answer = world.client.open(path, method=method, headers=world.headers[one.name], **more)
    problem = _answered(one, cell, wanted, answer)
    if method != "GET":
        problem = _stored_wrong(world, table, wanted) or problem
    said = answer.get_data(as_text=True)[:200]
    return f"{cell}: {problem}; {answer.status_code} {said}" if problem else None


def _answered(one: Caller, cell: Cell, wanted: Answer, answer: TestResponse) -> str | None:
    if answer.status_code not in statuses(one, cell, wanted):
        return f"expected {wanted.kind}"
    if wanted.kind != "ok" or cell.action == "delete":
        return None
    rows = told(cell, answer)
    if rows is None:
        return None if cell.dialect == "metal" else "no rows"
    if cell.action in ("create", "update") and not wanted.rows:
        return None if all(set(row) <= {"id"} for row in rows) else "a row that its writer may not read"
    if wanted.rows is not None and cell.dialect == "metal" and not wanted.rows:
        return None if rows == [] else "rows"
    return None if rows == wanted.rows else f"expected {wanted.rows}"


def _stored_wrong(world: World, table: Table, wanted: Answer) -> str | None:
    """Whether the table holds something else than it should; it is put back."""
    held = world.rows(table)
    if held != ROWS[table.name]:
        world.fill(table.name)
    after = wanted.after if wanted.after is not None else ROWS[table.name]
    if held == after:
        return None
    keys = [key for key in {*held, *after} if held.get(key) != after.get(key)]
    return f"stored {[held.get(key) for key in keys]}, expected {[after.get(key) for key in keys]}"


# ---------------------------------------------------------------- tests


def _check(world: World, one: Caller, chosen: tuple[Cell, ...]) -> None:
    problems = [problem for cell in chosen if (problem := wrong(world, one, cell))]
    assert not problems, f"{len(problems)} of {len(chosen)} cells\n" + "\n".join(problems[:40])


@pytest.mark.parametrize("name", CALLERS)
def test_a_part_of_what_each_caller_may_do_is_what_the_rules_say(matrix: World, name: str) -> None:
    chosen = random.Random(f"{SEED} {name} {matrix.database.backend.name}").sample(CELLS, len(CELLS) // PART)
    _check(matrix, CALLERS[name], tuple(chosen))


@pytest.mark.long
@pytest.mark.parametrize("name", CALLERS)
def test_all_that_each_caller_may_do_is_what_the_rules_say(
    matrix: World, name: str, record_property: Callable[[str, object], None]
) -> None:
    _check(matrix, CALLERS[name], CELLS)
    record_property("figures", f"{name}: {len(CELLS)} cells on {matrix.database.backend.name}")
