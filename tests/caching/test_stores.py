"""Stores of every kind: entries, marks that are never half there, turns; and what happens where they fail."""

import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crud.caching.cache import Cache
from crud.caching.entries import Entry, packed, unpacked
from crud.caching.files import FileStore
from crud.caching.keys import Unwritten, digest
from crud.caching.ledger import CLOSED_SECONDS, Ledger
from crud.caching.memory import MemoryStore
from crud.caching.redis import RedisStore
from crud.caching.store import StoreFailed
from crud.definitions.settings import CacheSettings
from sql.expressions import Compare, Origin, Slot
from sql.expressions import Path as Column
from sql.query import Query
from sql.types import INTEGER
from tests.caching.conftest import Make


def entry(key: str, rows: bytes = b'[{"id":1}]', *, filled: float = 0, expires: float = 1e12) -> Entry:
    return Entry(key, filled, expires, rows, ("id",), 7, {"table": "g"}, {"schema": "main"})


def test_an_entry_is_found_by_every_worker_until_it_is_dropped(make_store: Make) -> None:
    first, second = make_store(), make_store()
    assert first.get("a" * 128) is None
    first.put("a" * 128, b"\x80\x04K\x01.", 60)  # a pickle is bytes like any other
    assert second.get("a" * 128) == b"\x80\x04K\x01."
    assert list(second.entries()) == [b"\x80\x04K\x01."]
    second.drop("a" * 128)
    assert first.get("a" * 128) is None
    first.put("b" * 128, b"1", 60)
    second.clear()
    assert list(first.entries()) == []


def test_marks_are_replaced_whole_and_missing_ones_are_not_there(make_store: Make) -> None:
    first, second = make_store(), make_store()
    assert first.marks(["one"]) == {}
    first.mark({"one": "x", "two": "y"})
    assert second.marks(["one", "three"]) == {"one": "x"}
    second.mark({"one": "z"})
    assert first.marks(["one", "two"]) == {"one": "z", "two": "y"}
    assert {"one", "two"} <= {*first.marked()}


def test_one_at_a_time_has_the_turn_of_a_key(make_store: Make) -> None:
    inside, most, waited = [0], [0], []

    def take(_: int) -> None:
        with make_store().turn("c" * 128) as had_to_wait:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            waited.append(had_to_wait)
            threading.Event().wait(0.02)
            inside[0] -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(take, range(6)))
    assert most[0] == 1 and len(waited) == 6 and {*waited} == {True, False}


def test_who_waits_too_long_goes_on_by_himself(make_store: Make, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(f"crud.caching.{kind}.WAIT", 0.05)
    with make_store().turn("d" * 128), ThreadPoolExecutor(1) as pool:

        def second() -> bool:
            with make_store().turn("d" * 128) as waited:
                return waited

        assert pool.submit(second).result(5)


# ---------------------------------------------------------------- generations


def test_a_generation_stays_until_it_is_renewed_and_never_comes_back(make_store: Make) -> None:
    first, second = Ledger(make_store()), Ledger(make_store())
    name = uuid.uuid4().hex
    seen = first.current([name])
    assert seen is not None and second.current([name]) == seen
    second.renew([name])
    assert first.current([name]) not in (seen, None)
    first.renew_all()
    assert len({str(seen), str(first.current([name])), str(second.standing([name]))}) == 2


def test_a_table_that_nobody_keeps_answers_of_costs_a_writer_no_mark(make_store: Make) -> None:
    ledger, name = Ledger(make_store()), uuid.uuid4().hex
    assert ledger.close([name]) == ()
    ledger.renew([name])
    assert ledger.standing([name]) == {}


def test_a_table_is_closed_from_before_commit_until_after_it(make_store: Make) -> None:
    ledger, name = Ledger(make_store()), uuid.uuid4().hex
    seen = ledger.current([name])
    assert ledger.close([name]) == (name,)
    assert ledger.current([name]) is None
    ledger.renew([name], (name,))
    assert ledger.current([name]) not in (seen, None)


def test_a_table_whose_writer_died_opens_by_itself(make_store: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, name = Ledger(make_store()), uuid.uuid4().hex
    seen = ledger.current([name])
    ledger.close([name])
    monkeypatch.setattr("crud.caching.ledger.CLOSED_SECONDS", CLOSED_SECONDS * -1)
    opened = ledger.current([name])
    assert opened not in (seen, None) and opened == ledger.standing([name])


# ---------------------------------------------------------------- the cache over a store


def test_an_answer_is_found_while_it_is_young_enough_for_both(
    make_store: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(CacheSettings(), make_store())
    monkeypatch.setattr("time.time", lambda: 1000.0)
    assert cache.keep(entry("e" * 128, filled=1000, expires=1060))
    monkeypatch.setattr("time.time", lambda: 1030.0)
    assert cache.find("e" * 128, 31) == entry("e" * 128, filled=1000, expires=1060)
    assert cache.find("e" * 128, 30) is None
    monkeypatch.setattr("time.time", lambda: 999.0)
    assert cache.find("e" * 128, 31) is None


def test_an_answer_that_is_too_long_is_not_kept(make_store: Make) -> None:
    cache = Cache(CacheSettings(max_bytes=500), make_store())
    assert not cache.keep(entry("f" * 128, b"[" + b"1," * 400 + b"1]"))
    assert cache.find("f" * 128, 60) is None


@pytest.mark.parametrize("data", [b"", b"{}", b"[]\n[]", b"\x80\x04K\x01.", packed(entry("x"))[:-1], b'{"length":0}\n'])
def test_what_is_no_whole_entry_is_none(data: bytes) -> None:
    assert unpacked(data) is None


def test_only_so_many_answers_stay(tmp_path: Path) -> None:
    for store in (FileStore(tmp_path / "few", 20), MemoryStore(uuid.uuid4().hex, 20)):
        for number in range(60):
            store.put(digest(number), b"x", 60)
        assert 10 <= len(list(store.entries())) <= 21


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "own", 20)
    store.put(digest(1), b"x", 60)
    Ledger(store).current(["t"])
    with store.turn(digest(1)):
        modes = {
            (p.is_dir(), oct(p.stat().st_mode & 0o777)) for p in [tmp_path / "own", *(tmp_path / "own").rglob("*")]
        }
    assert modes == {(True, "0o700"), (False, "0o600")}


# ---------------------------------------------------------------- stores that fail


def test_a_folder_that_cannot_be_used_has_failed_and_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FileStore(tmp_path / "file" / "cache", 20)
    with pytest.raises(StoreFailed):
        store.marks(["one"])
    with pytest.raises(StoreFailed):
        store.get("a" * 128)


def test_a_redis_that_is_away_has_failed_and_is_left_alone_for_a_moment(tmp_path: Path) -> None:
    store = RedisStore(f"unix://{tmp_path / 'nobody.sock'}")
    cache = Cache(CacheSettings(), store)
    with pytest.raises(StoreFailed, match="Redis"):
        cache.close(["one"])
    with pytest.raises(StoreFailed, match="a moment ago"):
        cache.renew(["one"])
    with cache.turn("a" * 128) as waited:
        assert not waited


def test_memory_serves_one_process_at_a_time() -> None:
    name = uuid.uuid4().hex
    first, second = MemoryStore(name, 20), MemoryStore(name, 20)
    first.put(digest(1), b"x", 60)
    with pytest.raises(StoreFailed):
        second.marks(["one"])
    child = os.fork()
    if child == 0:
        try:
            first.marks(["one"])
        except StoreFailed:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert first.get(digest(1)) == b"x"
    first.close()


# ---------------------------------------------------------------- keys


def test_values_of_different_types_are_different_keys() -> None:
    values: list[object] = [1, True, 1.0, "1", b"1", None, (1,), [1], frozenset({1}), {"1": 1}, {1: 1}, "", (), "-"]
    assert len({digest(value) for value in values}) == len(values)
    assert digest("a", "b") != digest("a,b") != digest("a\nb")


def test_a_query_is_one_key_however_it_was_written() -> None:
    def asked(name: str, origin: str) -> Query:
        return Query("posts", where=Compare(Column(name, (), Origin(origin, "filter")), "eq", (Slot(0, INTEGER),)))

    assert digest(asked("id", "id")) == digest(asked("id", "ID")) != digest(asked("age", "id"))


def test_what_has_no_certain_text_has_no_key() -> None:
    with pytest.raises(Unwritten):
        digest(object())
