"""The first administrator: made once, whoever asks at the same time."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from crud import doors
from crud.doors import New
from crud.errors import ApiError
from tests.identity.conftest import CONFIG, PASSWORD, Home

RACES = 100
EMPTY = 'sources: {default: {database: "${DATABASE_URL}"}}\nauth: {secret: "${DRAGOMAN_SECRET}"}\n'


@pytest.fixture
def empty(new_home: Callable[..., Home]) -> Home:
    """An application without people."""
    return new_home(EMPTY + "users: {root: {password: of the configuration, roles: [admin]}}\n")


def clear(home: Home) -> None:
    for table in ("_dragoman_user_roles", "_dragoman_users"):
        home.run(f"DELETE FROM {table}")


def administrators(home: Home) -> int:
    text = (
        "SELECT count(*) FROM _dragoman_user_roles l JOIN _dragoman_roles r ON r.id = l.role_id "
        "WHERE r.name = 'administrator'"
    )
    return int(str(home.snapshot.system.fetch(text)[0][0]))


def test_of_two_set_ups_at_once_exactly_one_makes_an_administrator_a_hundred_times(empty: Home) -> None:
    barrier, answers = threading.Barrier(2), list[tuple[int, str | None]]()

    def ask(name: str) -> None:
        for number in range(RACES):
            body = {"email": f"{name}{number}@example.com", "password": PASSWORD, "name": "Super Admin"}
            barrier.wait()
            answer = empty.client.post("/auth/setup", json=body)
            answers.append((answer.status_code, answer.json.get("error")))
            barrier.wait()
            if name == "a":
                assert administrators(empty) == 1, number
                clear(empty)

    threads = [threading.Thread(target=ask, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {(200, None): RACES, (400, "Admin user already exists"): RACES}


def test_a_set_up_signs_the_administrator_in(empty: Home) -> None:
    signed = doors.set_up(empty.snapshot, New("admin@example.com", PASSWORD, name="Super Admin"))
    assert (signed.account.name, signed.account.roles) == ("Super Admin", {"admin"})
    assert empty.status(signed.token, "/items/_dragoman_users") != 401
    with pytest.raises(ApiError, match="already exists"):
        doors.set_up(empty.snapshot, New("other@example.com", PASSWORD))


def test_administrators_of_the_configuration_do_not_close_it_but_bad_passwords_do(empty: Home) -> None:
    assert empty.signed("root", "of the configuration")
    with pytest.raises(ApiError) as error:
        doors.set_up(empty.snapshot, New("admin@example.com", "password"))
    assert error.value.kind == "invalid" and administrators(empty) == 0


def test_an_administrator_who_cannot_sign_in_does_not_close_it(empty: Home) -> None:
    email = empty.person("administrator", password=None)
    with pytest.raises(ApiError) as error:
        doors.set_up(empty.snapshot, New(email, PASSWORD))
    assert error.value.kind == "conflict" and administrators(empty) == 1
    assert doors.set_up(empty.snapshot, New("admin@example.com", PASSWORD))


EXTRAS = """
accounts:
  fields:
    level: {type: enum, values: [low, high], required: true, default: low}
    state: {type: integer, auto: status}
    changed_by: {type: string, auto: updated_by}
"""


def test_who_registers_gets_what_belongs_to_every_account(new_home: Callable[..., Home]) -> None:
    home = new_home(CONFIG + EXTRAS)
    body = {"email": "new@example.com", "password": PASSWORD, "name": "N"}
    answer = home.client.post("/auth/register", json=body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    text = "SELECT level, state, changed_by = CAST(id AS TEXT) FROM _dragoman_users WHERE email = 'new@example.com'"
    ((level, state, himself),) = home.snapshot.system.fetch(text)
    assert (level, state, bool(himself)) == ("low", 1, True)
