"""Two stories under four workers of gunicorn: after each step, whoever asks any worker is answered from what is in force."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import BACKENDS
from tests.dialects.conftest import SECRET, new_postgres
from tests.dialects.schemas.test_workflow import ITEM, PERMISSION, SCHEMA, USER
from tests.evolution.test_metadata import POST
from tests.reload.running import WORKERS, Running, running

CONFIG = """
server: {{watch: false}}
sources:
  default: {{url: "{url}"}}
auth:
  secret: {secret}
  registration: open
  limits: {{sign_in: "", register: ""}}
metadata: meta
"""
KEY = {"id": {"type": "Integer", "primaryKey": True, "defaultValue": {"type": "AUTOINCREMENT"}}}
FIELDS = {**POST["fields"], "views": {"type": "integer", "default": 0}}
Answer = tuple[int, dict[str, object]]


@pytest.fixture(scope="module", params=BACKENDS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that serves nothing yet."""
    folder = tmp_path_factory.mktemp("stories")
    (folder / "meta").mkdir()
    postgres = request.param == "postgres"
    url = new_postgres(request.getfixturevalue("postgres_server")) if postgres else f"sqlite:///{folder / 'db'}"
    with running(folder, CONFIG.format(url=url, secret=SECRET)) as made:
        yield made


def send(service: Running, method: str, path: str, body: object = None, token: str | None = None) -> Answer:
    """One request on a connection of its own, of an administrator unless another token is given."""
    client = service.client()
    client.headers = client.headers if token is None else {"Authorization": f"Bearer {token}"} if token else {}
    status, content = client.send(method, path, json.loads(body) if isinstance(body, str) else body)
    return status, json.loads(content or b"{}")


def everywhere(service: Running, path: str, token: str | None = None) -> Answer:
    """What everybody is answered, as many as reach every worker."""
    answers = [send(service, "GET", path, token=token) for _ in range(4 * WORKERS)]
    assert all(answer == answers[0] for answer in answers), answers
    return answers[0]


def test_the_workflow_of_baasix(service: Running) -> None:
    token = str(send(service, "POST", "/auth/register", USER, token="")[1]["token"])
    roles = send(service, "GET", "/items/baasix_Role")[1]["data"]
    role = next(each["id"] for each in roles if each["name"] == "user")  # type: ignore[attr-defined]
    asked = f"/items/posts?filter={quote(json.dumps({'published': {'eq': True}}))}"
    assert everywhere(service, asked, token)[0] == 404

    assert send(service, "POST", "/schemas", SCHEMA)[0] == 201
    assert everywhere(service, asked, token)[0] == 403
    assert everywhere(service, "/schemas/posts")[0] == 200
    for action in ("read", "create"):
        assert send(service, "POST", "/permissions", PERMISSION % (role, action))[0] == 201
    assert everywhere(service, asked, token) == (200, {"data": [], "totalCount": 0})
    assert send(service, "POST", "/items/posts", ITEM, token)[0] == 201
    status, found = everywhere(service, asked, token)
    assert (status, found["totalCount"]) == (200, 1)

    assert send(service, "DELETE", "/schemas/posts")[0] == 200
    assert everywhere(service, asked, token)[0] == 404


def test_of_many_who_define_the_same_collection_at_once_one_wins(service: Running) -> None:
    for number in range(3):
        body = {"collectionName": f"raced{number}", "schema": {"name": "Raced", "fields": KEY}}
        with ThreadPoolExecutor(WORKERS) as racers:
            answers = [*racers.map(lambda _, body=body: send(service, "POST", "/schemas", body), range(WORKERS))]
        assert sorted(status for status, _ in answers) == [201] + [409] * (WORKERS - 1), answers
        assert everywhere(service, f"/items/raced{number}") == (200, {"data": [], "totalCount": 0})


def test_the_story_of_phantoms_metadata(service: Running) -> None:
    def files(**contents: object) -> None:
        for name, content in contents.items():
            Path(service.folder / "meta" / f"{name}.json").write_text(json.dumps(content))
        assert send(service, "POST", "/server/reload")[0] == 200

    assert everywhere(service, "/api/Post/schema")[0] == 404
    files(Post=POST)
    status, schema = everywhere(service, "/api/Post/schema")
    assert status == 200 and "title" in schema["schema"]["fields"]  # type: ignore[index]
    status, made = send(service, "POST", "/api/Post", {"title": "First"})
    assert status == 201
    files(Post={**POST, "fields": FIELDS})
    status, found = everywhere(service, "/api/Post", token="")
    assert status == 200 and found["data"][0].items() >= {"title": "First", "views": None}.items()  # type: ignore[index]
    assert send(service, "POST", "/api/Post", {"title": "Second"})[1]["data"]["views"] == 0  # type: ignore[index]
