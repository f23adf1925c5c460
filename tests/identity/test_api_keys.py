"""API keys: an account, narrowed by scopes, in every dialect."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from crud import doors
from crud.callers import actor_of
from crud.errors import ApiError
from crud.identity import keys
from tests.identity.conftest import PASSWORD, Home
from tests.tables import each

Request = tuple[str, str, object]


def key_of(home: Home, *scopes: str, roles: Sequence[str] = ("user",), **more: object) -> str:
    account = home.signed(home.person(*roles)).account.id
    return keys.add(home.snapshot.system, account=account, name="test", scopes=scopes, **more)  # type: ignore[arg-type]


READS = ["/api/notes", "/json/note", "/v1/notes", "/api/v1/notes", "/schema/main/notes", "/items/notes"]
OTHER = ["/api/mine", "/json/mine", "/v1/mine", "/api/v1/mine", "/schema/main/mine", "/items/mine"]
CREATES: list[Request] = [
    ("POST", "/api/notes", {"body": "x"}),
    ("POST", "/json/note", {"body": "x"}),
    ("POST", "/v1/notes", {"data": {"body": "x"}}),
    ("POST", "/api/v1/notes", {"data": {"body": "x"}}),
    ("POST", "/schema/main/notes", {"data": {"body": "x"}}),
    ("POST", "/items/notes", {"body": "x"}),
]
UPDATES: list[Request] = [
    ("PUT", "/api/notes/1", {"body": "First"}),
    ("PUT", "/json/note/1", {"body": "First"}),
    ("PUT", "/v1/notes/1", {"data": {"body": "First"}}),
    ("PUT", "/api/v1/notes/1", {"data": {"body": "First"}}),
    ("PATCH", "/schema/main/notes", {"filter": {"id": 1}, "data": {"body": "First"}}),
    ("PATCH", "/items/notes/1", {"body": "First"}),
]
DELETES: list[Request] = [
    ("DELETE", "/api/notes/999", None),
    ("DELETE", "/json/note/999", None),
    ("DELETE", "/v1/notes/999", None),
    ("DELETE", "/api/v1/notes/999", None),
    ("DELETE", "/schema/main/notes", {"filter": {"id": 999}}),
    ("DELETE", "/items/notes/999", None),
]


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_is_shown_in_either_header(home: Home, header: str) -> None:
    key = key_of(home, "read:notes")
    shown = {header: f"Bearer {key}" if header == "Authorization" else key}
    for path in READS:
        assert home.client.get(path, headers=shown).status_code == 200


@each(
    "headers",
    [
        {"X-API-Key": "drg_nothing"},
        {"X-API-Key": ""},
        {"X-API-Key": "{token}"},
        {"X-API-Key": "{key}", "Authorization": "Bearer {token}"},
        {"X-API-Key": "{key}", "Authorization": "Bearer {key}"},
        {"X-API-Key": "{key}x"},
        {"X-API-Key": "{digest}"},
        {"X-API-Key": "drg_{digest}"},
        {"Authorization": "Basic {key}"},
    ],
    ids=str,
)
def test_anything_else_is_refused_where_anonymous_may_read(home: Home, headers: dict[str, str]) -> None:
    key, token = key_of(home, "*"), home.signed(home.person()).token
    shown = {name: text.format(key=key, token=token, digest=keys.digest(key)) for name, text in headers.items()}
    for path in ("/api/topics", "/json/topic", "/v1/topics", "/schema/main/topics", "/items/topics"):
        answer = home.client.get(path, headers=shown)
        assert answer.status_code in (401, 403) and "One" not in answer.get_data(as_text=True)


def ask(home: Home, key: str, request: Request) -> int:
    method, path, body = request
    return home.client.open(path, method=method, json=body, headers={"X-API-Key": key}).status_code


# scopes → which of read, create, update and delete they cover.
SCOPES = [
    (("read:notes",), "r"),
    (("read:*",), "r"),
    (("*:notes",), "rcud"),
    (("*",), "rcud"),
    (("*:*",), "rcud"),
    (("create:notes",), "c"),
    (("read:notes", "update:notes"), "ru"),
    (("read:notes", "delete:*"), "rd"),
    (("read:mine", "*:topics"), ""),
]


@each(("scopes", "covered"), SCOPES, ids=str)
def test_scopes_hold_for_every_action_in_every_dialect(home: Home, scopes: tuple[str, ...], covered: str) -> None:
    key = key_of(home, *scopes)
    tried = {"r": [("GET", path, None) for path in READS], "c": CREATES, "u": UPDATES, "d": DELETES}
    for letter, requests in tried.items():
        if letter in "ud" and letter in covered and "r" not in covered:
            continue
        for request in requests:
            status = ask(home, key, request)
            if letter not in covered:
                assert status in (401, 403), (letter, request, status)
            else:
                assert status not in (401, 405, 500) and (status != 403 or letter == "d"), (letter, request, status)


EMBEDS = [
    ("/api/notes", {"populate": "topic"}),
    ("/json/note", {"include": "topic"}),
    ("/json/note", {"filter": '[{"field":"topic.name","value":"One","comparison":"equals"}]'}),
    ("/json/note", {"sort": '[{"field":"topic.name","direction":"asc"}]'}),
    ("/items/notes", {"fields": '["*","topic.name"]'}),
    ("/items/notes", {"filter": '{"topic.name":{"eq":"One"}}'}),
    ("/items/notes", {"sort": '{"topic.name":"asc"}'}),
]


@each(("path", "query"), EMBEDS)
def test_scopes_hold_at_every_hop(home: Home, path: str, query: dict[str, str]) -> None:
    narrow, wide = key_of(home, "read:notes"), key_of(home, "read:notes", "read:topics")
    refused = home.client.get(path, query_string=query, headers={"X-API-Key": narrow})
    assert refused.status_code == 400 and "One" not in json.dumps(refused.json.get("data", ""))
    answer = home.client.get(path, query_string=query, headers={"X-API-Key": wide})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def test_scopes_never_add_to_what_the_account_may(home: Home) -> None:
    key = key_of(home, "*")
    for path in OTHER:
        rows = home.client.get(path, headers={"X-API-Key": key})
        assert rows.status_code == 200
    for path in ("/items/_dragoman_users", "/api/User", "/items/baasix_Role"):
        assert home.client.get(path, headers={"X-API-Key": key}).status_code in (403, 404)


def test_a_key_of_an_administrator_is_one_only_with_everything(home: Home) -> None:
    narrow, wide = (actor_of(home.snapshot, key_of(home, scope, roles=["admin"])) for scope in ("*:notes", "*"))
    assert not narrow.admin and wide.admin
    users = {scope: key_of(home, scope, roles=["admin"]) for scope in ("read:users", "read:notes")}
    assert ask(home, users["read:users"], ("GET", "/items/baasix_User", None)) == 200
    assert ask(home, users["read:notes"], ("GET", "/items/baasix_User", None)) == 404


def test_what_one_caller_may_is_not_kept_for_another(home: Home) -> None:
    """Compiled queries are kept by kind of caller: the scopes are part of it."""
    account = home.signed(home.person()).account.id
    database = home.snapshot.system
    wide, narrow = (keys.add(database, account=account, name="x", scopes=scopes) for scopes in (["*"], ["read:notes"]))
    query = {"fields": '["*","topic.name"]'}
    for key, status in ((wide, 200), (narrow, 400), (wide, 200)):
        assert home.client.get("/items/notes", query_string=query, headers={"X-API-Key": key}).status_code == status


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled", "deleted"])
def test_a_key_ends_with_its_next_request(home: Home, end: str) -> None:
    email = home.person()
    account, database = home.signed(email).account.id, home.snapshot.system
    key = keys.add(database, account=account, name="end", scopes=["*"], expires=datetime.now(UTC) + timedelta(days=1))
    assert home.status(key) == 200
    match end:
        case "revoked":
            id = next(each.id for each in keys.listed(database) if each.account == email)
            assert keys.revoke(database, id) and not keys.revoke(database, id)
        case "expired":
            home.run("UPDATE _dragoman_api_keys SET expires = ? WHERE user_id = ?", "2020-01-01T00:00:00Z", account)
        case "disabled":
            home.run("UPDATE _dragoman_users SET is_active = ? WHERE id = ?", False, account)
        case "deleted":
            home.run("DELETE FROM _dragoman_user_roles WHERE user_id = ?", account)
            home.run("DELETE FROM _dragoman_users WHERE id = ?", account)
    assert home.status(key) == 401


def test_a_key_opens_no_door(home: Home) -> None:
    key = key_of(home, "*")
    actor = actor_of(home.snapshot, key)
    doings: list[Callable[[], object]] = [
        lambda: doors.refresh(home.snapshot, key),
        lambda: doors.sign_out(home.snapshot, key),
        lambda: doors.change_password(home.snapshot, actor, old=PASSWORD, new="another-Horse-7"),
    ]
    for do in doings:
        with pytest.raises(ApiError):
            do()


def test_only_a_digest_of_a_key_is_kept(home: Home) -> None:
    key = key_of(home, "read:notes")
    kept = home.snapshot.system.fetch("SELECT * FROM _dragoman_api_keys")
    assert key not in str(kept) and key[13:] not in str(kept) and keys.digest(key) in str(kept)
    assert any(key.startswith(each.hint) for each in keys.listed(home.snapshot.system))


@each("scopes", [[], [""], ["read"], ["write:notes"], ["read:"], ["read:a b"], [":notes"], ["**"]])
def test_what_is_no_scope_is_refused(home: Home, scopes: list[str]) -> None:
    with pytest.raises(ApiError, match="is no scope"):
        keys.read_scopes(scopes)


# ---------------------------------------------------------------- the commands


def command(home: Home, *words: str) -> tuple[int, str]:
    result = home.app.test_cli_runner().invoke(args=["access", "key", *words])
    return result.exit_code, result.output


def test_a_key_is_made_listed_and_revoked_by_commands(home: Home) -> None:
    email = home.person()
    made = ("add", "--account", email, "--name", "reports", "--scope", "read:notes", "--days", "90")
    code, printed = command(home, *made)
    key = printed.strip()
    assert code == 0 and home.status(key) == 200 and home.status(key, "/items/topics") == 403
    listed = next(each for each in json.loads(command(home, "list", "--json")[1]) if each["account"] == email)
    assert listed["scopes"] == ["read:notes"] and key.startswith(listed["hint"]) and listed["expires"]
    assert key not in command(home, "list")[1]
    assert command(home, "revoke", listed["id"]) == (0, "Revoked.\n")
    assert home.status(key) == 401 and command(home, "revoke", listed["id"])[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--account", "nobody@example.com", "--name", "x", "--scope", "*"), "There is no account"),
        (("add", "--account", "{email}", "--name", "x", "--scope", "write"), "is no scope"),
        (("add", "--account", "{email}", "--name", "x"), "Missing option"),
        (("revoke", "x"), "There is no key"),
    ],
)
def test_a_command_that_cannot_be_is_told(home: Home, words: tuple[str, ...], said: str) -> None:
    email = home.person()
    code, printed = command(home, *(word.replace("{email}", email) for word in words))
    assert code != 0 and said in printed
