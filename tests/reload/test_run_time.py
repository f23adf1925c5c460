"""Definitions that arrive by request are in force everywhere with the next request, or nothing has changed."""

import threading
from collections.abc import Mapping

import pytest

from crud.errors import ApiError
from crud.evolution.locking import LOCK
from crud.snapshots import run_time
from crud.snapshots.run_time import Definitions, change, created, stored
from crud.snapshots.state import Context
from sql.errors import Busy
from tests.reload.conftest import CONFIG, World

BOOKS = {"fields": {"id": {"type": "integer", "key": True, "auto": "increment"}, "title": {"type": "string"}}}
READABLE = {"rules": [{"role": "anon", "actions": ["read", "create"]}]}


def titles(world: World, number: int) -> tuple[int, object]:
    answer = world.client(number).get("/api/books")
    return answer.status_code, answer.json


def fields_of(*names: str) -> dict[str, object]:
    return {"id": BOOKS["fields"]["id"], **{name: {"type": "string"} for name in names}}


def test_a_new_resource_is_served_by_every_worker(two: World) -> None:
    assert [titles(two, number)[0] for number in range(2)] == [404, 404]
    change(two.admin(), created("books", BOOKS | READABLE))
    posted = two.client(1).post("/api/books", json={"title": "Emma"})
    assert posted.status_code == 201, posted.text
    for number in range(2):
        status, body = titles(two, number)
        assert status == 200 and "Emma" in str(body)
    assert two.state(0).held.catalog.resources.keys() == two.state(1).held.catalog.resources.keys()
    assert set(stored(two.snapshot(1))) == {"books"}


def test_a_change_is_in_force_at_once_where_it_was_made(world: World) -> None:
    held = world.snapshot()
    made = change(world.admin(), created("books", BOOKS))
    assert world.state().held is made and made is not held and made.compiled is not held.compiled
    assert made.databases is held.databases and "books" not in held.catalog.resources


def test_it_is_still_there_after_a_start(world: World) -> None:
    change(world.admin(), created("books", BOOKS | READABLE))
    world.worker()
    assert titles(world, 1)[0] == 200


def test_what_the_files_say_of_a_resource_is_told_without_where_they_are(world: World) -> None:
    change(world.admin(), created("books", BOOKS))
    steps = "[{{select: {{entity: books}}}}, {{fields: title}}]"
    world.write(CONFIG + f"plans: {{{{read: {{{{titles: {steps}}}}}}}}}\n")
    assert world.client().post("/server/reload", headers=world.headers()).status_code == 200
    for definitions in ({}, {"books": {"fields": fields_of("name")}}):
        with pytest.raises(ApiError, match=r"^config\.yml:\d+: plans\.read\.titles\.") as refused:
            change(world.admin(), lambda old, new=definitions: new)
        assert str(world.folder) not in refused.value.message


def test_an_edit_sees_what_others_have_made(two: World) -> None:
    change(two.admin(0), created("books", BOOKS))
    seen: list[Definitions] = []

    def look(old: Definitions) -> Definitions:
        seen.append(old)
        return {**old, "films": BOOKS}

    change(two.admin(1), look)
    assert [set(each) for each in seen] == [{"books"}]
    assert set(stored(two.snapshot(0))) == {"books", "films"}


def test_a_column_is_added_and_one_is_renamed_with_what_it_holds(world: World) -> None:
    change(world.admin(), created("books", BOOKS | READABLE))
    world.client().post("/api/books", json={"title": "Emma"})
    more = {**BOOKS, **READABLE, "fields": fields_of("name", "author")}
    change(world.admin(), lambda old: {**old, "books": more}, renamed={"books": {"name": "title"}})
    row = world.client().get("/api/books").json["data"][0]
    assert row["name"] == "Emma" and row["author"] is None and "title" not in row
    assert stored(world.snapshot())["books"] == more


def test_a_table_goes_with_its_definition(two: World) -> None:
    change(two.admin(0), created("books", BOOKS | READABLE))
    change(two.admin(1), lambda old: {name: data for name, data in old.items() if name != "books"})
    assert [titles(two, number)[0] for number in range(2)] == [404, 404]
    assert "books" not in {info.table.name for info in two.snapshot().system.tables()}
    change(two.admin(0), created("books", BOOKS | READABLE))
    assert titles(two, 1) == titles(two, 0) and titles(two, 1)[0] == 200


def test_what_is_asked_for_by_request_may_lose_something(world: World) -> None:
    change(world.admin(), created("books", BOOKS | READABLE))
    less = {**BOOKS, **READABLE, "fields": {**fields_of("author"), "author": {"type": "integer"}}}
    change(world.admin(), lambda old: {**old, "books": less})
    assert set(world.snapshot().catalog.resource("books").columns) == {"id", "author"}


def test_a_resource_that_others_refer_to_does_not_go(world: World) -> None:
    change(world.admin(), created("books", BOOKS))
    change(world.admin(), created("loans", {"fields": {"id": BOOKS["fields"]["id"], "book": {"references": "books"}}}))
    with pytest.raises(ApiError) as refused:
        change(world.admin(), lambda old: {"loans": old["loans"]})
    assert refused.value.kind == "invalid" and "books" in refused.value.message
    assert set(stored(world.snapshot())) == {"books", "loans"}


def test_values_that_do_not_fit_a_new_type_refuse_it(world: World) -> None:
    change(world.admin(), created("books", BOOKS | READABLE))
    world.client().post("/api/books", json={"title": "Emma"})
    numbers = {**BOOKS, **READABLE, "fields": {**BOOKS["fields"], "title": {"type": "integer"}}}
    before = world.whole()
    with pytest.raises(ApiError) as refused:
        change(world.admin(), lambda old: {**old, "books": numbers})
    assert refused.value.kind == "invalid" and "Emma" not in refused.value.message
    assert world.whole() == before


def test_where_somebody_else_is_at_it_the_answer_is_busy(world: World) -> None:
    world.write(CONFIG.replace("default: {{", "default: {{options: {{busy_seconds: 0.2}}, "))
    world.worker()
    context = world.admin(1)
    before = world.whole()
    with world.snapshot().system.evolving() as session:
        session.lock("x")
        if world.url.startswith("postgres"):
            session.fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        told: list[Exception] = []
        thread = threading.Thread(target=lambda: told.append(failing(context)))
        thread.start()
        thread.join()
    assert [type(each) for each in told] == [Busy] and world.whole() == before


def failing(context: Context) -> Exception:
    try:
        change(context, created("books", BOOKS))
    except Exception as error:
        return error
    raise AssertionError


# ---------------------------------------------------------------- what is refused changes nothing

LONG = "n" * 64
WRONG: Mapping[str, tuple[str, object, str]] = {
    "a shape that is none": ("books", {"fields": []}, "must be a mapping"),
    "an unknown key": ("books", {**BOOKS, "colour": 1}, "unknown key"),
    "a type that is none": ("books", {"fields": {"id": {"type": "number of sorts"}}}, "is not allowed"),
    "a reference to nothing": ("books", {"fields": {**BOOKS["fields"], "a": {"references": "nobody"}}}, "nobody"),
    "an empty name": ("", BOOKS, "must not be empty"),
    "a name with NUL": ("a\x00b", BOOKS, "no database keeps"),
    "half a character": ("a\ud800", BOOKS, "no database keeps"),
    "64 bytes": (LONG, BOOKS, "longer than 63 bytes"),
    "64 bytes of few letters": ("ä" * 32, BOOKS, "longer than 63 bytes"),
    "a name of ours": ("_dragoman_books", BOOKS, "must not begin with"),
    "a name of SQLite's": ("SQLite_books", BOOKS, "must not begin with"),
    "a name of PostgreSQL's": ("pg_books", BOOKS, "must not begin with"),
    "a column with NUL": ("books", {"fields": fields_of("a\x00")}, "no database keeps"),
    "a column of 64 bytes": ("books", {"fields": fields_of(LONG)}, "longer than 63 bytes"),
    "a column that is there already": ("books", {"fields": fields_of("ctid")}, "PostgreSQL has of its own"),
    "columns that differ in case": ("books", {"fields": fields_of("Name", "name")}, "capitals and small letters"),
    "a rule about nothing": ("books", {**BOOKS, "rules": [{"role": "x", "actions": ["read"], "fields": ["q"]}]}, "'q'"),
    "very many columns": ("books", {"fields": fields_of(*(f"c{n}" for n in range(1001)))}, "more than 1000"),
}


def test_what_is_wrong_is_told_and_nothing_has_changed(world: World) -> None:
    before = world.whole()
    told = {case: refusal(world, name, data) for case, (name, data, _) in WRONG.items()}
    assert [case for case, (_, _, words) in WRONG.items() if words not in told[case]] == [], told
    assert world.whole() == before


def refusal(world: World, name: str, data: object) -> str:
    """What is said of a definition."""
    with pytest.raises(ApiError) as refused:
        change(world.admin(), created(name, data))  # type: ignore[arg-type]
    assert refused.value.kind == "invalid"
    return refused.value.message


QUOTED = ['a "quoted" name', "it's", "select", "Order Details", "naïve größe", "a;b--", "%s ? :x", "`", "]", "ñ" * 31]


def test_names_that_a_database_allows_are_served(world: World) -> None:
    def everything(old: Definitions) -> Definitions:
        return {**old, **{name: {**READABLE, "fields": fields_of(*QUOTED)} for name in QUOTED}}

    change(world.admin(), everything)
    for name in QUOTED:
        answer = world.client().post(
            "/schema/main/" + name.replace("?", "%3F").replace("%s", "%25s"),
            json={"data": {each: each for each in QUOTED}},
        )
        assert answer.status_code == 201, (name, answer.text)
        (row,) = world.rows(f"SELECT * FROM {world.snapshot().system.backend.ident(name)}")
        assert row[1:] == tuple(QUOTED)


def test_a_name_that_is_taken_is_a_conflict(two: World) -> None:
    change(two.admin(1), created("books", BOOKS))
    before = two.whole()
    for name in ("notes", "NOTES", "books", "baasix_User"):
        with pytest.raises(ApiError) as refused:
            change(two.admin(0), created(name, BOOKS))
        assert refused.value.kind == "conflict" and two.whole() == before


def test_of_two_workers_that_make_the_same_resource_one_wins(two: World) -> None:
    for name in ("books", "films", "songs"):
        barrier, told = threading.Barrier(2), list[str]()

        def make(number: int, name: str = name, barrier: threading.Barrier = barrier, told: list[str] = told) -> None:
            context = two.admin(number)
            barrier.wait()
            try:
                change(context, created(name, {**BOOKS, "fields": fields_of(f"of_{number}")}))
                told.append("made")
            except ApiError as error:
                told.append(error.kind)

        threads = [threading.Thread(target=make, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == ["conflict", "made"]
        assert (
            two.snapshot(0).catalog.resource(name).columns.keys()
            == two.snapshot(1).catalog.resource(name).columns.keys()
        )


def test_what_an_edit_raises_undoes_everything(world: World) -> None:
    before = world.whole()

    def edit(old: Definitions) -> Definitions:
        raise run_time.taken("it")

    with pytest.raises(ApiError, match="exists already"):
        change(world.admin(), edit)
    assert world.whole() == before
