"""The same wrong write is refused by all five dialects, each with its status and in its envelope; nothing changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from tests.dialects.conftest import Fresh
from tests.dialects.envelopes import is_refusal
from tests.dialects.speakers import DIALECTS, KEYED, Speaker

OWN = "5081778e-c036-5085-8adb-6f1892daaa73"
NOBODY = "00000000-0000-0000-0000-0000000000ff"
Send = Callable[[Speaker], TestResponse]


@dataclass(frozen=True)
class Refusal:
    """A write, who sends it, and the status of each dialect that differs from most."""

    send: Send
    status: int
    others: Mapping[str, int]
    caller: str = "admin"

    def of(self, dialect: str) -> int:
        """The status in a dialect."""
        return self.others.get(dialect, self.status)


def create(resource: str, **row: object) -> Send:
    return lambda speaker: speaker.create(resource, dict(row))


def update(resource: str, key: object, **row: object) -> Send:
    return lambda speaker: speaker.update(resource, key, dict(row))


def delete(resource: str, key: object) -> Send:
    return lambda speaker: speaker.delete(resource, key)


def raw(body: bytes) -> Send:
    return lambda speaker: speaker.send("POST", speaker.path("categories"), body)


def stray(resource: str, **row: object) -> Send:
    """A member that is no column, beside those of the row."""
    return lambda speaker: speaker.send("POST", speaker.path(resource), speaker.wire.wrap({**row, "zap": 1}))


FORBIDDEN = {"sonicjs": 401}
ANONYMOUS = {"baasix": 403}
MISSING = {"metal": 204, "baasix": 403}

REFUSALS: dict[str, Refusal] = {
    "too small": Refusal(create("products", name="P", price=-1), 400, {}),
    "too long": Refusal(create("categories", title="x" * 101), 400, {}),
    "required": Refusal(create("categories", body="x"), 400, {}),
    "null": Refusal(update("categories", 1, title=None), 400, {}),
    "wrong type": Refusal(create("orders", year="2024"), 400, {}),
    "wrong word": Refusal(create("customers", name="C", status="nope"), 400, {}),
    "no e-mail address": Refusal(update("customers", 1, email="nope"), 400, {}),
    "unknown field": Refusal(stray("categories", title="Stray"), 400, {"baasix": 201}),
    "unique": Refusal(create("customers", name="C", email="ann.smith@example.com"), 409, {}),
    "unique in an update": Refusal(update("customers", 2, email="ann.smith@example.com"), 409, {}),
    "foreign key": Refusal(create("posts", title="T", content="C", authorId=NOBODY), 409, {}),
    "foreign key in an update": Refusal(update("posts", 1, categoryId=9999), 409, {}),
    "referred to": Refusal(delete("customers", 1), 409, {}),
    "update of a missing row": Refusal(update("categories", 9999, title="T"), 404, MISSING),
    "deletion of a missing row": Refusal(delete("categories", 9999), 404, MISSING),
    "forbidden creation": Refusal(create("categories", title="T"), 403, FORBIDDEN, "user"),
    "forbidden update": Refusal(update("categories", 1, title="T"), 403, FORBIDDEN, "user"),
    "forbidden deletion": Refusal(delete("categories", 1), 403, FORBIDDEN, "user"),
    "anonymous creation": Refusal(create("categories", title="T"), 401, ANONYMOUS, "nobody"),
    "anonymous update": Refusal(update("categories", 1, title="T"), 401, ANONYMOUS, "nobody"),
    "anonymous deletion": Refusal(delete("categories", 1), 401, ANONYMOUS, "nobody"),
    "broken JSON": Refusal(raw(b'{"title": '), 400, {}),
    "a key twice": Refusal(raw(b'{"title": "a", "title": "b"}'), 400, {}),
    "a list": Refusal(raw(b"[1]"), 400, {}),
    "not UTF-8": Refusal(raw(b'{"title": "\xff"}'), 400, {}),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=list(REFUSALS))
def test_a_wrong_write_is_refused_alike(fresh: Fresh, refusal: Refusal) -> None:
    before = fresh.whole()
    headers = {"admin": fresh.admin, "user": fresh.user, "nobody": {}}[refusal.caller]
    for dialect in sorted(DIALECTS, key=lambda name: refusal.of(name) < 300):  # what is no refusal there comes last
        answer = refusal.send(Speaker(fresh, dialect, headers))
        assert answer.status_code == refusal.of(dialect), (dialect, answer.get_data(as_text=True))
        if refusal.of(dialect) >= 400:
            assert is_refusal(dialect, answer.json) and answer.headers["X-Request-Id"]
        if refusal.of(dialect) != 201:
            assert fresh.whole() == before, dialect


@pytest.mark.parametrize("word", ["update", "delete"])
def test_a_row_that_is_another_by_now_is_left_alone(fresh: Fresh, word: str) -> None:
    before = fresh.whole()
    for dialect in KEYED:
        speaker = Speaker(fresh, dialect)
        stale = {"If_Match": '"stale"'}
        answer = speaker.delete("posts", 1, **stale) if word == "delete" else _renamed(speaker, stale)
        assert answer.status_code == 412 and is_refusal(dialect, answer.json)
    assert fresh.whole() == before


def _renamed(speaker: Speaker, headers: Mapping[str, str]) -> TestResponse:
    return speaker.update("posts", 1, {"title": "late"}, **headers)


def test_a_row_of_another_is_refused_like_a_missing_one(fresh: Fresh) -> None:
    """Test User may change posts of his own; those of others are not there for him."""
    ((other,),) = fresh.rows('SELECT min(id) FROM posts WHERE "authorId" <> ?', OWN)
    before = fresh.whole()
    for dialect in DIALECTS:
        speaker = Speaker(fresh, dialect, fresh.user)
        theirs, never = speaker.update("posts", other, {"title": "m"}), speaker.update("posts", 9999, {"title": "m"})
        assert theirs.status_code == never.status_code == MISSING.get(dialect, 404)
        assert theirs.data == never.data
        theirs, never = speaker.delete("posts", other), speaker.delete("posts", 9999)
        assert theirs.status_code == never.status_code and theirs.data == never.data
    assert fresh.whole() == before
