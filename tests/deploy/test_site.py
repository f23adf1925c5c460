"""What the site of nginx adds and refuses: lengths, floods, what a client says of itself, compression, its log.

The databases have no part in it: SQLite alone.
"""

import gzip
import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crud.definitions.settings import Limits
from crud.dialects.baasix.imports import FORM_BYTES
from tests.deploy.behind import needs_nginx, nginx, served, short_folder
from tests.dialects.conftest import SECRET
from tests.programs import ROOT, WAIT, free_port, until
from tests.reload.conftest import CONFIG
from tests.reload.running import Running

pytestmark = needs_nginx
SITE = (ROOT / "deploy" / "nginx.conf").read_text()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("site")
    text = CONFIG.format(url=f"sqlite:///{folder / 'db'}", secret=f'"{SECRET}"').replace("sign_in", "refresh")
    with served(folder, "server: {proxy_hops: 1}\n" + text, WEB_CONCURRENCY="1") as made:
        yield made


class Answer:
    """Status, headers and body of an answer, and the body as JSON."""

    def __init__(self, port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


def refused(answer: Answer, status: int, code: str) -> None:
    """A refusal of nginx is a problem (RFC 9457), with the members that each dialect's clients look at."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json" and answer.headers["X-Request-Id"]
    said = answer.json
    assert (said["status"], said["code"], said["success"]) == (status, code, False)
    assert said["title"] and said["title"] == said["error"] == said["message"]


# ---------------------------------------------------------------- lengths


def test_lengths_are_those_of_the_configuration() -> None:
    lengths = [int(found) for found in re.findall(r"client_max_body_size (\d+);", SITE)]
    assert lengths == [Limits().body_bytes, Limits().import_bytes + FORM_BYTES]
    (line,) = re.findall(r"large_client_header_buffers 4 (\d+)k;", SITE)
    assert int(line) * 1024 > max(Limits().query_bytes, Limits().header_bytes)


def test_a_long_query_is_answered_by_the_service_and_the_longest_by_nginx(service: Running) -> None:
    for length in (60_000, 70_000, 120_000):
        answer = Answer(service.port, "GET", f"/json/note?columns={'x' * length}")
        assert answer.status == 400 and set(answer.json) == {"success", "data", "pagination", "error"}
    refused(Answer(service.port, "GET", f"/json/note?columns={'x' * 140_000}"), 414, "bad_parameter")


def test_a_long_header_is_answered_by_the_service_and_the_longest_by_nginx(service: Running) -> None:
    assert Answer(service.port, "GET", "/items/notes", X_Long="x" * 60_000).status == 200
    answer = Answer(service.port, "GET", "/items/notes", X_Long="x" * 100_000)
    assert answer.status == 431 and answer.json["error"]["statusCode"] == 431  # type: ignore[index]
    refused(Answer(service.port, "GET", "/items/notes", X_Long="x" * 140_000), 431, "headers_too_long")


@pytest.mark.parametrize(
    ("path", "most"), [("/items/notes", 10_000_000), ("/items/notes/import-csv", 50_100_000)], ids=["body", "import"]
)
def test_a_body_that_is_too_long_is_refused_before_it_is_sent(service: Running, path: str, most: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=WAIT)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(most + 1))
    connection.endheaders(b"{")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
    connection.close()


def test_a_file_is_imported_that_is_longer_than_a_body_may_be(service: Running) -> None:
    rows = b"body\r\n" + b"x" * 900_000 + b"\r\n"
    rows += (b"y" * 900_000 + b"\r\n") * 11
    form = b'--b\r\nContent-Disposition: form-data; name="csvFile"; filename="a.csv"\r\n\r\n' + rows + b"--b--\r\n"
    assert len(form) > Limits().body_bytes
    sent = {**service.headers, "Content_Type": "multipart/form-data; boundary=b"}
    answer = Answer(service.port, "POST", "/items/notes/import-csv", form, **sent)
    assert answer.status == 200 and answer.json["results"]["imported"] == 12  # type: ignore[index]
    for number in range(1, 13):
        Answer(service.port, "DELETE", f"/items/notes/{number}", **service.headers)


# ---------------------------------------------------------------- who is asking


def test_a_service_that_is_not_there_is_a_refusal_with_a_time_to_wait() -> None:
    port = free_port()
    with short_folder() as folder, nginx(folder, port):
        answer = Answer(port, "GET", "/items/notes", X_Request_Id="mine")
        refused(answer, 502, "busy")
        assert answer.headers["Retry-After"] == "1" and answer.headers["X-Request-Id"] == "mine"


def test_what_a_client_says_of_itself_is_not_believed(service: Running) -> None:
    body = json.dumps({"email": "john@example.org", "password": "not his"}).encode()
    forged = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.test", "X_Forwarded_Prefix": "/evil"}
    statuses = [
        Answer(
            service.port,
            "POST",
            "/auth/login",
            body,
            Content_Type="application/json",
            X_Forwarded_For=f"198.51.100.{number}" if number % 3 else f'"198.51.100.{number}\\"',
            Forwarded=f"for=198.51.100.{number}",
            **forged,
        )
        for number in range(60)
    ]
    found = [answer.status for answer in statuses]
    assert found[:20] == [401] * 20 and found[20] == 429, found  # by the service, in the words of its dialects
    assert "success" in statuses[20].json and statuses[20].headers["Content-Type"] == "application/json"
    refused(statuses[-1], 429, "too_many")  # by nginx, for all workers
    assert int(statuses[-1].headers["Retry-After"]) > 0
    assert Answer(service.port, "GET", "/items/notes").status == 200
    assert Answer(service.port, "GET", "/items/notes", **forged).status == 200


def test_a_cookie_is_secure_only_where_the_connection_is(service: Running) -> None:
    answer = Answer(service.port, "GET", "/csrf-token", X_Forwarded_Proto="https", **service.headers)
    assert answer.status == 200 and "secure" not in answer.headers["Set-Cookie"].lower()


def test_behind_another_proxy_of_ours_what_it_says_is_believed_and_nothing_before_it(tmp_path: Path) -> None:
    text = CONFIG.format(url=f"sqlite:///{tmp_path / 'db'}", secret=f'"{SECRET}"').replace('""', "2/hour")
    with served(tmp_path, "server: {proxy_hops: 2}\n" + text, WEB_CONCURRENCY="1") as made:
        for said, secure in (("https", True), ("http, https", True), ("https, http", False), ("", False)):
            headers = {"X_Forwarded_Proto": said, "X_Forwarded_Host": "data.example.com", **made.headers}
            answer = Answer(made.port, "GET", "/csrf-token", **headers)
            assert answer.status == 200 and ("secure" in answer.headers["Set-Cookie"].lower()) is secure, said
        page = {"Origin": "https://data.example.com", "Cookie": f"token={made.headers['Authorization'].split()[1]}"}
        for host, status in (("data.example.com", 201), ("data.example.com, evil.test", 403)):
            sent = {"Content_Type": "application/json", "X_Forwarded_Host": host, **page}
            assert Answer(made.port, "POST", "/items/notes", b'{"body": "a"}', **sent).status == status, host
        body = json.dumps({"email": "john@example.org", "password": "not his"}).encode()
        found = [
            Answer(made.port, "POST", "/auth/login", body, Content_Type="application/json", X_Forwarded_For=who).status
            for who in ("198.51.100.1, 203.0.113.1", "unknown, 203.0.113.1", "203.0.113.1", "203.0.113.2")
        ]
    assert found == [401, 401, 429, 401]


# ---------------------------------------------------------------- answers


def test_long_answers_are_compressed_and_their_tags_still_hold(service: Running) -> None:
    sent = {**service.headers, "Content_Type": "application/json"}
    body = json.dumps({"body": "z" * 5000}).encode()
    made = Answer(service.port, "POST", "/items/notes", body, **sent).json["data"]["id"]  # type: ignore[index]
    answer = Answer(service.port, "GET", f"/items/notes/{made}", Accept_Encoding="gzip", **service.headers)
    assert answer.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in ",".join(
        answer.headers.get_all("Vary")
    )
    assert json.loads(gzip.decompress(answer.body))["data"]["body"] == "z" * 5000
    tag = answer.headers["ETag"]
    assert tag.startswith("W/")
    path = f"/items/notes/{made}"
    assert Answer(service.port, "GET", path, If_None_Match=tag, **service.headers).status == 304
    assert Answer(service.port, "PATCH", path, b'{"body": "short"}', If_Match=tag, **sent).status == 200
    assert Answer(service.port, "PATCH", path, b'{"body": "other"}', If_Match=tag, **sent).status == 412
    short = Answer(service.port, "GET", path, Accept_Encoding="gzip", **service.headers)
    assert "Content-Encoding" not in short.headers and short.headers["ETag"].startswith('"')


def test_the_program_of_the_pages_is_compressed(service: Running) -> None:
    answer = Answer(service.port, "GET", "/docs/swagger-ui/swagger-ui-bundle.js", Accept_Encoding="gzip")
    assert answer.status == 200 and answer.headers["Content-Encoding"] == "gzip"


def test_paths_arrive_as_they_were_sent(service: Running) -> None:
    for path in ("/items/Order%20Details", "/items//notes", "/items/a%2Fb", "/api/notes/1~2C2"):
        answer = Answer(service.port, "GET", path)
        assert answer.status in (401, 403, 404) and answer.headers["Content-Type"] == "application/json", path


def test_an_address_is_taken_as_it_was_typed(service: Running) -> None:
    sent = {**service.headers, "Content_Type": "application/json"}
    assert Answer(service.port, "POST", "/items/notes", '{"body": "Zoë"}'.encode(), **sent).status == 201
    for target, status, part in (
        ('/items/notes?filter={"body":{"eq":"Zoë"}}', 200, '"totalCount":1'),
        ("/items/nötes", 404, "Model nötes not found"),
        ("/items/n\udcfftes", 404, "not found"),
    ):
        with socket.create_connection(("127.0.0.1", service.port), timeout=WAIT) as connection:
            head = f"GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: a \udcff\r\n\r\n"
            connection.sendall(head.encode("utf-8", "surrogateescape"))
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
            assert part in answer.read().decode()


def test_broken_chunks_are_the_mistake_of_who_sends_them(service: Running) -> None:
    """nginx refuses them itself; here gunicorn is asked without it."""
    for path in ("/auth/login", "/items/notes", "/items/notes/import-csv"):
        kind = "multipart/form-data; boundary=b" if "import" in path else "application/json"
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {service.headers['Authorization']}\r\n"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(WAIT)
            connection.connect(bound(service).removeprefix("unix:"))
            connection.sendall(f"{head}Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.headers["Content-Type"]) == (400, "application/json"), path
    assert "internal error" not in service.log


def bound(service: Running) -> str:
    """Where gunicorn listens."""
    return re.findall(r"unix:\S+/socket", service.log)[0]


def test_the_question_of_a_container_says_whether_it_is_ready(service: Running) -> None:
    bind = bound(service)
    for at, code in ((bind, 0), (bind + "-nowhere", 1), ("127.0.0.1:1", 1)):
        asked = subprocess.run([sys.executable, ROOT / "deploy" / "healthy.py"], env={"BIND": at})
        assert asked.returncode == code, at


def test_the_log_has_the_id_of_a_request_and_no_query(service: Running, tmp_path: Path) -> None:
    Answer(service.port, "GET", "/v1/notes?sort=body&limit=1", X_Request_Id="a-request-of-mine")
    log = Path(bound(service).removeprefix("unix:")).with_name("access.log")
    until(lambda: "a-request-of-mine" in log.read_text())  # which nginx writes after its answer
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (line,) = [line for line in lines if line["request_id"] == "a-request-of-mine"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/notes", 200)
    assert "limit=1" not in log.read_text()
    refusals = {(line["method"], line["path"], line["status"]) for line in lines if line["status"] == 413}
    assert refusals <= {("POST", "/items/notes", 413), ("POST", "/items/notes/import-csv", 413)}
