"""The sample project, served by the real application on SQLite and on PostgreSQL.

`client` runs each test on both; `admin` and `user` are the headers of John, an administrator, and of Test User.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from crud.definitions.config import Config
from crud.definitions.identity import Brakes
from crud.definitions.reading import read_config
from crud.definitions.settings import CacheSettings
from crud.doors import open_session
from crud.identity import accounts
from crud.identity.passwords import hash_password
from crud.snapshots.state import Snapshot
from crud.web.dialect import served
from tests.newcomers import create_account
from tests.postgres import drop, name_of, new_postgres, put

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "a secret of the tests, long enough for HS256"
ADMIN = ("john@example.org", "Str0ng-Passw0rd!")
USER = ("test@example.com", "Us3r-Passw0rd!")
BACKENDS = ("sqlite", "postgres")
Token = dict[str, str]
# The names of all tables, in the words of the database, which has them sooner than an introspection.
NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'",
    "postgres": "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
}


@pytest.fixture(scope="session")
def applications() -> Iterator[dict[str, list[Flask]]]:
    """The applications over each database; their connections are closed in the end."""
    made: dict[str, list[Flask]] = {}
    yield made
    for apps in made.values():
        close(*apps)


def close(*apps: Flask) -> None:
    """Close the connections of applications."""
    for app in apps:
        for database in app.extensions["dragoman"].state.held.databases.values():
            database.close()


@pytest.fixture(scope="session")
def make_app(tmp_path_factory: pytest.TempPathFactory, applications: dict[str, list[Flask]]) -> Callable[..., Flask]:
    """`make_app(path_or_text, url)`: the application of a configuration over a database.

    Its doors may be knocked at as often as tests like, unless it is to be `braked`.
    """

    folders: dict[str, str] = {}

    def cache_of(url: str) -> str:
        if url not in folders:
            folders[url] = str(tmp_path_factory.mktemp("cache"))
        return folders[url]

    def make(config: Path | str, url: str, *, braked: bool = False, **options: object) -> Flask:
        path = config
        if isinstance(config, str):
            path = tmp_path_factory.mktemp("config") / "config.yml"
            path.write_text(config)
        before = {name: os.environ.get(name) for name in ("DATABASE_URL", "DRAGOMAN_SECRET")}
        os.environ.update(DATABASE_URL=url, DRAGOMAN_SECRET=SECRET)
        try:
            read = read_config(Path(path))
            app = create_app(with_cache(read if braked else unbraked(read), cache_of(url)), **options)  # type: ignore[arg-type]
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
        applications.setdefault(url, []).append(app)
        return app

    return make


def with_cache(config: Config, folder: str) -> Config:
    """A configuration whose cache, where it says nothing of it, is in this folder: one for each database."""
    kept = config.cache
    return replace(config, cache=replace(kept, path=folder)) if kept.path == CacheSettings().path else config


def unbraked(config: Config) -> Config:
    """A configuration without limits on sign-in and the other doors."""
    free = Brakes(sign_in="", register="", refresh="", set_up="")
    return replace(config, auth=replace(config.auth, limits=free))


@pytest.fixture(scope="session", params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an empty database on each backend."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sample') / 'sample.sqlite'}"
    return new_postgres(request.getfixturevalue("postgres_server"))


@pytest.fixture(scope="session")
def sample(make_app: Callable[..., Flask], database_url: str) -> Flask:
    """The sample project as it is, with passwords for an administrator of it and for Test User."""
    app = make_app(ROOT / "config.yml", database_url)
    give_passwords(app)
    return app


def give_passwords(app: Flask) -> None:
    """Passwords for John and for Test User."""
    with app.app_context():
        database = served().state.current().system
        with database.transaction() as session:
            for email, password in (ADMIN, USER):
                text = "UPDATE _dragoman_users SET password_hash = ? WHERE email = ?"
                session.execute(accounts.sql_for(database, text), (hash_password(password), email))


# ---------------------------------------------------------------- a sample of one's own, to write into


@dataclass(frozen=True)
class Fresh:
    """A sample application over a database of its own. `admin` and `user` are headers."""

    app: Flask
    admin: Token
    user: Token
    snapshot: Snapshot

    @property
    def client(self) -> FlaskClient:
        """A client of it."""
        return self.app.test_client()

    def again(self) -> "Fresh":
        """The same once both have signed in again."""
        return fresh_app(self.app)

    def rows(self, text: str, *params: object) -> list[tuple[object, ...]]:
        """The rows of a statement, straight from the database; `?` marks on both backends."""
        return self.snapshot.system.fetch(accounts.sql_for(self.snapshot.system, text), params)

    def whole(self) -> dict[str, list[str]]:
        """Every row of every table, to be compared."""
        database = self.snapshot.system
        names = [str(name) for (name,) in database.fetch(NAMES[database.backend.name])]
        found = {name: database.fetch(f"SELECT * FROM {database.backend.ident(name)}") for name in names}
        return {name: sorted(orjson.dumps(row, default=str).decode() for row in rows) for name, rows in found.items()}


@dataclass(frozen=True)
class Template:
    """A sample database that nobody is connected to, in which John and Test User are signed in."""

    url: str
    admin: Token
    user: Token


@pytest.fixture(scope="session")
def template(database_url: str, make_app: Callable[..., Flask], tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What `fresh` copies."""
    url = sibling(database_url, tmp_path_factory)
    app = make_app(ROOT / "config.yml", url)
    give_passwords(app)
    made = fresh_app(app)
    close(app)
    return Template(url, made.admin, made.user)


def sibling(url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of another, empty database of the same kind."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path_factory.mktemp('fresh') / 'sample.sqlite'}"
    return new_postgres(url)


def _copy(source: str, url: str) -> None:
    """Put a copy of a database in the place of another, to which nobody is connected any more."""
    if url.startswith("sqlite"):
        with closing(_file(source)) as full, closing(_file(url)) as copy:
            full.backup(copy)
        return
    drop(url)
    put(url, name_of(source))


def _file(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"))


@pytest.fixture(scope="session")
def fresh_url(template: Template, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the database that `fresh` writes into."""
    url = sibling(template.url, tmp_path_factory)
    _copy(template.url, url)
    return url


@pytest.fixture(scope="session")
def fresh_home(fresh_url: str, template: Template, make_app: Callable[..., Flask]) -> Fresh:
    """The application of `fresh`: made once, since only its rows change."""
    app = make_app(ROOT / "config.yml", fresh_url)
    return Fresh(app, template.admin, template.user, app.extensions["dragoman"].state.current())


@pytest.fixture
def fresh(template: Template, fresh_url: str, fresh_home: Fresh) -> Fresh:
    """The sample application over a copy of the sample database: a test may do to its rows what it likes."""
    close(fresh_home.app)
    _copy(template.url, fresh_url)
    return fresh_home


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str, applications: dict[str, list[Flask]]) -> Iterator[str]:
    """The URL of an empty database, for one test, on each backend; its applications are closed with it."""
    url: str = request.getfixturevalue(f"{'sqlite' if database_url.startswith('sqlite') else 'postgres'}_url")
    yield url
    close(*applications.pop(url, ()))


def fresh_app(app: Flask) -> Fresh:
    """An application whose database is its own, with the headers of John and of Test User."""
    with app.app_context():
        snapshot = served().state.current()
        tokens = {email: headers_of(snapshot, email) for email, _ in (ADMIN, USER)}
    return Fresh(app, tokens[ADMIN[0]], tokens[USER[0]], snapshot)


def with_callers(app: Flask) -> Fresh:
    """The same for an application without a sample: John, an administrator, and Test User are made."""
    with app.app_context():
        system = served().state.current().system
        for (email, _), role in ((ADMIN, "admin"), (USER, "user")):
            create_account(system, email=email, password_hash="x", roles=(role,))
    return fresh_app(app)


def headers_of(snapshot: Snapshot, email: str) -> Token:
    """The headers of the account with this e-mail."""
    account = accounts.find_account_by_email(snapshot.system, email)
    assert account is not None
    return {"Authorization": f"Bearer {open_session(snapshot, account).token}"}


def token_of(app: Flask, id: str) -> str:
    """The access token of a session of an account."""
    snapshot = app.extensions["dragoman"].state.current()
    account = accounts.load_account(snapshot.system, id)
    assert account is not None
    return open_session(snapshot, account).token


@pytest.fixture
def client(sample: Flask) -> FlaskClient:
    """A client of the sample project."""
    return sample.test_client()


@pytest.fixture(scope="session")
def admin(sample: Flask) -> Token:
    """The headers of John, who is an administrator."""
    return signed_in(sample, *ADMIN)


@pytest.fixture(scope="session")
def user(sample: Flask) -> Token:
    """The headers of Test User, whose role is `user`."""
    return signed_in(sample, *USER)


def signed_in(app: Flask, email: str, password: str) -> Token:
    """The headers of an account, got by signing in."""
    answer = app.test_client().post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {"Authorization": f"Bearer {answer.json['token']}"}
