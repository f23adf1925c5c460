"""Guessing is slow: one answer for every failure, a lock on the account, so many hashes at once."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from argon2 import extract_parameters

from crud import doors
from crud.doors import Signed
from crud.errors import ApiError
from crud.identity import passwords
from tests.identity.conftest import CONFIG, PASSWORD, Home

FAILURES = 5
REAL = (passwords.HASHER, passwords.NOBODY)


def failing(home: Home, email: str, password: str = "wrong") -> str:
    with pytest.raises(ApiError) as error:
        doors.sign_in(home.snapshot, email, password)
    assert error.value.kind == "invalid_credentials"
    return error.value.message


NOBODIES = ["nobody@example.com", "", "a\x00b", "\ud800", "x" * 100_000, "config:carl", "' OR 1=1 --", "%"]


def test_every_failure_has_the_same_text(home: Home) -> None:
    unable = home.person(password=None)
    assert {failing(home, login) for login in (*NOBODIES, home.person(), unable, "carl", "dora")} == {
        "Invalid credentials"
    }
    assert failing(home, home.person(), "\ud800\x00") == "Invalid credentials"


def test_a_disabled_account_is_told_so_by_the_right_password_only(home: Home) -> None:
    email = home.person()
    home.run("UPDATE _dragoman_users SET is_active = ? WHERE email = ?", False, email)
    assert failing(home, email) == "Invalid credentials"
    assert failing(home, email, PASSWORD) == "Account is disabled"


@pytest.mark.parametrize("known", ["account", "configured", "nobody"])
def test_a_sign_in_costs_one_hash_and_the_same_statements(
    home: Home, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    logins = {"account": home.person(), "configured": "dora", "nobody": "nobody@example.com"}
    hashes, texts = list[object](), list[str]()

    class Counting:
        def verify(self, hashed: str, password: bytes) -> bool:
            hashes.append(hashed)
            return REAL[0].verify(hashed, password)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    kind = type(home.snapshot.system)
    fetch = kind.fetch
    monkeypatch.setattr(kind, "fetch", lambda self, text, params=(): texts.append(text) or fetch(self, text, params))
    failing(home, logins[known], "wrong again")
    assert (len(hashes), len(texts)) == (1, 1)


def test_the_hash_of_nobody_costs_what_every_hash_costs() -> None:
    hasher, nobody = REAL
    assert extract_parameters(nobody) == extract_parameters(hasher.hash("x"))


def test_a_password_of_nobody_fits_nothing(home: Home) -> None:
    assert not passwords.verified("nobody", None)
    failing(home, home.person(password=None), "nobody")


# ---------------------------------------------------------------- the lock


@pytest.mark.parametrize("kind", ["account", "configured"])
def test_after_some_failures_the_right_password_is_none_for_a_while(new_home: Callable[..., Home], kind: str) -> None:
    home = new_home()
    login, right = (home.person(), PASSWORD) if kind == "account" else ("dora", "secret of Dora")
    for _ in range(FAILURES):
        failing(home, login)
    assert failing(home, login, right) == "Invalid credentials"
    assert home.signed(home.person())
    home.run("UPDATE _dragoman_lockouts SET locked_until = ?", "2020-01-01T00:00:00Z")
    assert home.signed(login, right)


def test_a_success_forgets_the_failures_before_it(home: Home) -> None:
    email = home.person()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            failing(home, email)
        assert home.signed(email)


def test_failures_of_long_ago_do_not_count(home: Home) -> None:
    email = home.person()
    for _ in range(FAILURES - 1):
        failing(home, email)
    home.run("UPDATE _dragoman_lockouts SET since = ?", "2020-01-01T00:00:00Z")
    for _ in range(FAILURES - 1):
        failing(home, email)
    assert home.signed(email)


def test_a_lock_is_not_made_longer_by_those_who_are_locked_out(home: Home) -> None:
    email = home.person()
    for _ in range(FAILURES):
        failing(home, email)
    text = "SELECT locked_until FROM _dragoman_lockouts WHERE locked_until IS NOT NULL ORDER BY locked_until"
    before = home.snapshot.system.fetch(text)
    failing(home, email)
    assert home.snapshot.system.fetch(text) == before


def test_guesses_at_once_are_counted_one_by_one(home: Home) -> None:
    email, made = home.person(), list[Signed]()
    guesses = ["wrong"] * (FAILURES * 2) + [PASSWORD]
    for guess in guesses[:FAILURES]:
        failing(home, email, guess)

    def guess(password: str) -> None:
        with suppress(ApiError):
            made.append(doors.sign_in(home.snapshot, email, password))

    threads = [threading.Thread(target=guess, args=(each,)) for each in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == []


def test_what_nobody_owns_is_counted_too_and_not_kept_by_name(home: Home) -> None:
    failing(home, "somebody.unknown@example.com")
    found = home.snapshot.system.fetch("SELECT subject FROM _dragoman_lockouts")
    assert any(str(subject).startswith("?") for (subject,) in found) and "somebody" not in str(found)


def test_without_a_lock_nothing_is_counted(new_home: Callable[..., Home]) -> None:
    home = new_home(CONFIG.replace("failures: 5", "failures: 0"))
    email = home.person()
    for _ in range(12):
        failing(home, email)
    assert home.signed(email)
    assert home.snapshot.system.fetch("SELECT 1 FROM _dragoman_lockouts") == []


# ---------------------------------------------------------------- turns


def test_only_so_many_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def verify(self, hashed: str, password: bytes) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1
            return True

    monkeypatch.setattr(passwords, "HASHER", Slow())
    monkeypatch.setattr(passwords, "_turns", passwords.Turns(3))
    threads = [threading.Thread(target=passwords.verified, args=("x", "y")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3


def test_who_waits_too_long_for_a_turn_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    monkeypatch.setattr(passwords, "_turns", passwords.Turns(1))
    with passwords._turns.one(), pytest.raises(ApiError) as error:
        passwords.hash_password("x")
    assert error.value.kind == "busy"
