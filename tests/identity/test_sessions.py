"""Sessions: they begin with a sign-in, go on by refreshing, and end for good."""

import threading
from collections.abc import Callable

import pytest

from crud import doors
from crud.callers import actor_of
from crud.doors import New, Signed
from crud.errors import ApiError
from crud.identity import sessions
from tests.identity.conftest import CONFIG, PASSWORD, Home
from tests.newcomers import CHEAP
from tests.tables import each

OPEN = ["/api/topics", "/json/topic", "/v1/topics", "/api/v1/topics", "/schema/main/topics", "/items/topics"]


def refused(call: Callable[[], object], kind: str = "invalid_token") -> str:
    with pytest.raises(ApiError) as error:
        call()
    assert error.value.kind == kind
    return error.value.message


@pytest.mark.parametrize("upper", [False, True])
def test_a_sign_in_gives_a_token_that_holds_in_every_dialect(home: Home, upper: bool) -> None:
    email = home.person()
    signed = home.signed(email.upper() if upper else email)
    assert signed.expires_in == 3600 and signed.account.email == email
    assert signed.account.password_hash is None and PASSWORD not in repr(signed) and signed.token not in repr(signed)
    for path in OPEN:
        assert home.status(signed.token, path) == 200
    actor = actor_of(home.snapshot, signed.token)
    assert (actor.id, actor.roles, actor.scopes) == (signed.account.id, {"user"}, None) and actor.session


def test_a_refresh_gives_new_tokens_of_the_same_session(home: Home) -> None:
    first = home.signed(home.person())
    second = doors.refresh(home.snapshot, first.refresh_token)
    third = doors.refresh(home.snapshot, second.refresh_token)
    assert len({each.refresh_token for each in (first, second, third)}) == 3
    assert {actor_of(home.snapshot, each.token).session for each in (first, second, third)} == {
        actor_of(home.snapshot, first.token).session
    }


def test_a_refresh_token_that_was_used_before_ends_the_session(home: Home) -> None:
    email = home.person()
    first, other = home.signed(email), home.signed(email)
    second = doors.refresh(home.snapshot, first.refresh_token)
    refused(lambda: doors.refresh(home.snapshot, first.refresh_token))
    refused(lambda: doors.refresh(home.snapshot, second.refresh_token))
    assert [home.status(each.token) for each in (first, second, other)] == [401, 401, 200]


def test_of_two_refreshes_at_once_one_succeeds_and_the_session_ends(home: Home) -> None:
    signed, results = home.signed(home.person()), list[Signed | ApiError]()
    ready = threading.Barrier(2)

    def once() -> None:
        ready.wait()
        try:
            results.append(doors.refresh(home.snapshot, signed.refresh_token))
        except ApiError as error:
            results.append(error)

    at_once(once, 2)
    made = [each for each in results if isinstance(each, Signed)]
    assert len(made) == 1 and len(results) == 2
    assert home.status(made[0].token) == 401


def at_once(step: Callable[[], None], number: int) -> None:
    threads = [threading.Thread(target=step) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(home: Home) -> None:
    signed = home.signed(home.person())
    refused(lambda: doors.refresh(home.snapshot, signed.token))
    for path in OPEN:
        assert home.status(signed.refresh_token, path) in (401, 403)
    assert home.status(signed.token) == 200


@pytest.mark.parametrize("kind", ["token", "refresh_token"])
def test_signing_out_ends_this_session_and_no_other(home: Home, kind: str) -> None:
    email = home.person()
    mine, other = home.signed(email), home.signed(email)
    doors.sign_out(home.snapshot, getattr(mine, kind))
    for path in OPEN:
        assert home.status(mine.token, path) in (401, 403)
    refused(lambda: doors.refresh(home.snapshot, mine.refresh_token))
    assert home.status(other.token) == 200


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "drg_nothing"])
def test_what_is_no_token_of_ours_signs_nobody_out(home: Home, token: str) -> None:
    refused(lambda: doors.sign_out(home.snapshot, token))
    refused(lambda: doors.refresh(home.snapshot, token))


def test_another_password_ends_every_session_and_begins_one(home: Home) -> None:
    email = home.person()
    before = [home.signed(email), home.signed(email)]
    actor = actor_of(home.snapshot, before[0].token)
    after = doors.change_password(home.snapshot, actor, old=PASSWORD, new="another-Horse-7")
    assert [home.status(one.token) for one in (*before, after)] == [401, 401, 200]
    for one in before:
        refused(lambda one=one: doors.refresh(home.snapshot, one.refresh_token))  # type: ignore[misc]
    refused(lambda: home.signed(email), "invalid_credentials")
    assert home.signed(email, "another-Horse-7")


def test_a_password_is_changed_by_who_knows_it(home: Home) -> None:
    email = home.person()
    signed = home.signed(email)
    actor = actor_of(home.snapshot, signed.token)
    change = doors.change_password
    refused(lambda: change(home.snapshot, actor, old="wrong", new="another-Horse-7"), "invalid_credentials")
    refused(lambda: change(home.snapshot, actor, old=PASSWORD, new="short"), "invalid")
    assert home.status(signed.token) == 200 and home.signed(email)


@pytest.mark.parametrize("statement", ["UPDATE _dragoman_users SET is_active = ? WHERE id = ?", "revoke"])
def test_disabling_or_revoking_an_account_ends_all_its_sessions(home: Home, statement: str) -> None:
    signed = home.signed(home.person())
    id, database = signed.account.id, home.snapshot.system
    if statement == "revoke":
        with database.transaction() as session:
            sessions.revoke_account(database, session, id)
    else:
        home.run(statement, False, id)
    assert home.status(signed.token) == 401
    refused(lambda: doors.refresh(home.snapshot, signed.refresh_token))


def test_a_revocation_that_is_undone_never_was(home: Home) -> None:
    signed, database = home.signed(home.person()), home.snapshot.system
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        sessions.revoke_account(database, session, signed.account.id)
        raise ZeroDivisionError
    assert home.status(signed.token) == 200


def test_a_deleted_account_takes_its_sessions_along(home: Home) -> None:
    signed = home.signed(home.person())
    home.run("DELETE FROM _dragoman_user_roles WHERE user_id = ?", signed.account.id)
    home.run("DELETE FROM _dragoman_users WHERE id = ?", signed.account.id)
    assert home.status(signed.token) == 401


def test_a_session_ends_with_its_time(home: Home) -> None:
    signed = home.signed(home.person())
    home.run("UPDATE _dragoman_sessions SET expires = ? WHERE user_id = ?", "2020-01-01T00:00:00Z", signed.account.id)
    assert home.status(signed.token) == 401
    refused(lambda: doors.refresh(home.snapshot, signed.refresh_token))


def test_every_request_asks_one_statement_about_its_caller(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    signed, texts = home.signed(home.person()), list[str]()
    database = home.snapshot.system
    fetch = type(database).fetch

    def counted(self: object, text: str, params: tuple[object, ...] = ()) -> object:
        texts.append(text)
        return fetch(self, text, params)  # type: ignore[arg-type]

    monkeypatch.setattr(type(database), "fetch", counted)
    actor_of(home.snapshot, signed.token)
    assert len(texts) == 1


# ---------------------------------------------------------------- users of the configuration


@pytest.mark.parametrize(("name", "password"), [("carl", "123456"), ("dora", "secret of Dora")])
def test_a_user_of_the_configuration_signs_in_by_name(home: Home, name: str, password: str) -> None:
    signed = home.signed(name, password)
    actor = actor_of(home.snapshot, signed.token)
    assert actor.id == f"config:{name}" and actor.account["name"] == name and actor.admin is (name == "carl")
    for path in OPEN:
        assert home.status(signed.token, path) == 200
    renewed = doors.refresh(home.snapshot, signed.refresh_token)
    doors.sign_out(home.snapshot, renewed.token)
    assert [home.status(each.token) for each in (signed, renewed)] == [401, 401]


def test_a_user_of_the_configuration_owns_nothing_by_id(home: Home) -> None:
    home.run("INSERT INTO mine (owner) VALUES (NULL), ('00000000-0000-0000-0000-000000000001')")
    headers = {"Authorization": f"Bearer {home.signed('dora', 'secret of Dora').token}"}
    answer = home.client.get("/items/mine", headers=headers)
    assert answer.status_code == 200 and answer.json["data"] == []
    made = home.client.post("/items/notes", json={"body": "Third"}, headers=headers)
    assert made.status_code == 201, made.get_data(as_text=True)


def test_a_hash_in_the_configuration_is_as_good_as_the_text(new_home: Callable[..., Home]) -> None:
    home = new_home(CONFIG.replace('"secret of Dora"', f'"{CHEAP.hash("of Dora")}"'))
    assert home.signed("dora", "of Dora")
    refused(lambda: home.signed("dora", "secret of Dora"), "invalid_credentials")


def test_a_user_who_left_the_configuration_is_nobody(
    new_home: Callable[..., Home], make_app: Callable[..., object]
) -> None:
    home = new_home()
    token = home.signed("dora", "secret of Dora").token
    without = "\n".join(line for line in CONFIG.splitlines() if "dora" not in line)
    other = Home(make_app(without, home.url), home.url)  # type: ignore[arg-type]
    assert home.status(token) == 200 and other.status(token) == 401


# ---------------------------------------------------------------- registering


def test_who_registers_is_signed_in_with_the_configured_role(home: Home) -> None:
    email = "new.person@example.com"
    signed = doors.register(home.snapshot, New(email, PASSWORD, name="New Person"))
    assert (signed.account.email, signed.account.name, signed.account.roles) == (email, "New Person", {"user"})
    assert home.status(signed.token) == 200 and home.signed(email)
    refused(lambda: doors.register(home.snapshot, New(email.upper(), PASSWORD)), "conflict")


def test_registration_is_closed_unless_it_is_open(new_home: Callable[..., Home]) -> None:
    closed = new_home(CONFIG.replace("registration: open", "registration: closed"))
    assert refused(lambda: doors.register(closed.snapshot, New("a@example.com", PASSWORD)), "forbidden")


BAD = [
    ("a@example.com", "short", "min_length"),
    ("a@example.com", "x" * 300, "max_length"),
    ("a@example.com", "Password123", "common"),
    ("a@example.com", "1234567890", "common"),
    ("long.name@example.com", "Long.Name@example.com", "common"),
    ("long.name@example.com", "long.name", "common"),
    ("", PASSWORD, "format"),
    ("nobody", PASSWORD, "format"),
    ("a@b", PASSWORD, "format"),
    ("a b@example.com", PASSWORD, "format"),
    ("a@example.com\x00", PASSWORD, "format"),
    ("a@@example.com", PASSWORD, "format"),
    ("\ud800@example.com", PASSWORD, "format"),
    ("a" * 400 + "@example.com", PASSWORD, "format"),
]


@each(("email", "password", "rule"), BAD)
def test_an_account_must_have_a_good_e_mail_and_password(home: Home, email: str, password: str, rule: str) -> None:
    with pytest.raises(ApiError) as error:
        doors.register(home.snapshot, New(email, password))
    found = error.value.details.mistakes  # type: ignore[attr-defined]
    assert [mistake.rule for mistake in found] == [rule]
    assert all(mistake.value is None for mistake in found) and password not in str(error.value)
