"""Tokens of outside issuers, whose keys come from a real server of the tests' own. No database has a part in it, but
for the accounts that tokens name."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from crud.callers import actor_of
from crud.definitions.identity import IssuerDefinition
from crud.definitions.reading import check_config
from crud.errors import ApiError
from crud.identity import fetching
from crud.identity.fetching import FetchError, Outside, fetch
from crud.identity.issuers import Issuer, Proved
from tests.identity.conftest import CONFIG, Home

NAME = "https://login.example.com/"
RSA = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
EC = ec.generate_private_key(ec.SECP256R1())


def published(*keys: tuple[str, Any]) -> bytes:
    """The list of keys as an issuer publishes it."""
    made = []
    for kid, private in keys:
        algorithm = ECAlgorithm if isinstance(private, ec.EllipticCurvePrivateKey) else RSAAlgorithm
        made.append({**algorithm.to_jwk(private.public_key(), as_dict=True), "kid": kid, "use": "sig"})
    return json.dumps({"keys": made}).encode()


@dataclass
class Server:
    """What the server answers, and how often it was asked."""

    port: int = 0
    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slowly: float = 0.0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/keys"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of keys."""
    said = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.asked.append(self.path)
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for byte in said.body if said.slowly else ():
                time.sleep(said.slowly)
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return
            if not said.slowly:
                self.wfile.write(said.body)

        def log_message(self, *_: object) -> None:
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving.daemon_threads = True
    said.port = serving.server_address[1]
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    yield said
    serving.shutdown()
    serving.server_close()
    thread.join()


def issuer(server: Server, **more: object) -> Issuer:
    usual: dict[str, Any] = {"algorithms": ("RS256",), "audience": "us", "allow_private": True, "refetch_seconds": 0.0}
    return Issuer(IssuerDefinition("corporate", NAME, server.url, **{**usual, **more}))


def claims(**more: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": NAME, "sub": "7", "aud": "us", "iat": now, "exp": now + 60, **more}


def token(
    payload: dict[str, object] | None = None, key: object = RSA[0], kid: str | None = "a", alg: str = "RS256"
) -> str:
    headers = {"kid": kid} if kid is not None else None
    return jwt.encode(claims() if payload is None else payload, key, alg, headers)  # type: ignore[arg-type]


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(ApiError) as error:
        call()
    assert error.value.kind == "invalid_token"


def test_a_good_token_proves_its_subject(server: Server) -> None:
    server.body = published(("a", RSA[0]), ("e", EC))
    made = issuer(server, algorithms=("RS256", "ES256"))
    proved = made.proved(token())
    assert (proved.subject, proved.account, proved.roles, proved.tenant) == ("corporate:7", None, {"user"}, None)
    assert made.proved(token(key=EC, kid="e", alg="ES256")).subject == "corporate:7"


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in claims().items() if key != name}


BAD: dict[str, Callable[[], str]] = {
    "another key": lambda: token(key=RSA[1]),
    "no kid": lambda: token(kid=None),
    "the kid of another kind of key": lambda: token(kid="e"),
    "an algorithm that is not listed": lambda: token(key=EC, kid="e", alg="ES256"),
    "a secret": lambda: jwt.encode(claims(), "x" * 40, "HS256", {"kid": "a"}),
    "none": lambda: jwt.encode(claims(), None, "none", {"kid": "a"}),
    "expired": lambda: token(claims(exp=int(time.time()) - 1)),
    "not yet": lambda: token(claims(nbf=int(time.time()) + 60)),
    "no expiry": lambda: token(without("exp")),
    "no subject": lambda: token(without("sub")),
    "no audience": lambda: token(without("aud")),
    "another audience": lambda: token(claims(aud="them")),
    "another issuer": lambda: token(claims(iss="https://evil.example.com/")),
    "garbage": lambda: "a.b.c",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused(server: Server, kind: str) -> None:
    server.body = published(("a", RSA[0]), ("e", EC))
    refused(lambda: issuer(server).proved(BAD[kind]()))


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_a_claim_that_no_database_takes_is_refused(server: Server, text: str) -> None:
    server.body = published(("a", RSA[0]))
    made = issuer(server, tenant_claim="org", account_claim="who", roles={})
    assert made.proved(token(claims(org="x", who="y"))).tenant == "x"
    for name in ("sub", "org", "who"):
        refused(lambda name=name: made.proved(token(claims(**{"org": "x", "who": "y", name: text}))))  # type: ignore[misc]


def test_a_token_does_not_bring_its_own_keys(server: Server) -> None:
    server.body = published(("a", RSA[0]))
    own = {**RSAAlgorithm.to_jwk(RSA[1].public_key(), as_dict=True)}
    made = jwt.encode(claims(), RSA[1], "RS256", {"kid": "a", "jku": server.url + "/evil", "jwk": own})
    refused(lambda: issuer(server).proved(made))
    assert server.asked == ["/keys"]


def test_keys_are_asked_for_once_and_again_when_one_is_unknown(server: Server) -> None:
    server.body = published(("a", RSA[0]))
    made = issuer(server)
    for _ in range(5):
        made.proved(token())
    assert len(server.asked) == 1
    server.body = published(("b", RSA[1]))
    assert made.proved(token(key=RSA[1], kid="b"))
    refused(lambda: made.proved(token()))
    assert len(server.asked) == 3


def test_nobody_makes_us_ask_more_often_than_allowed(server: Server) -> None:
    server.body = published(("a", RSA[0]))
    made = issuer(server, refetch_seconds=60.0)
    for number in range(20):
        refused(lambda number=number: made.proved(token(kid=f"unknown-{number}")))  # type: ignore[misc]
    assert len(server.asked) == 1 and made.proved(token())


def test_many_callers_at_once_ask_once(server: Server) -> None:
    server.body = published(("a", RSA[0]))
    made, found = issuer(server, refetch_seconds=60.0), list[Proved]()
    threads = [threading.Thread(target=lambda: found.append(made.proved(token()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(server.asked) == 1


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (200, b"nothing"), (200, b"[]"), (200, b'{"keys": 1}')])
def test_keys_that_are_known_go_on_when_the_issuer_is_ill(server: Server, status: int, body: bytes) -> None:
    server.body = published(("a", RSA[0]))
    made = issuer(server, cache_seconds=0.0)
    assert made.proved(token())
    server.status, server.body = status, body
    assert made.proved(token())
    refused(lambda: made.proved(token(kid="b")))


def test_a_list_may_hold_what_is_no_key_for_us(server: Server) -> None:
    small = rsa.generate_private_key(65537, 1024)
    keys = json.loads(published(("a", RSA[0]), ("weak", small)))["keys"]
    odd: list[object] = [
        None,
        1,
        {"kty": "oct", "k": "c2VjcmV0", "kid": "s"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "x"},
    ]
    encrypting = {**keys[0], "kid": "enc", "use": "enc"}
    server.body = json.dumps({"keys": [*odd, encrypting, *keys]}).encode()
    made = issuer(server)
    assert made.proved(token())
    refused(lambda: made.proved(token(kid="enc")))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = token(key=small, kid="weak")
    refused(lambda: made.proved(weak))


@pytest.mark.parametrize(
    ("said", "granted"),
    [
        ("staff", {"editor"}),
        ("staff other", {"editor"}),
        (["staff", "boss"], {"editor", "admin"}),
        (["admin", "administrator", 1, None, {"a": 1}], set()),
        ({"staff": True}, set()),
        (None, set()),
    ],
)
def test_only_words_that_are_mapped_give_roles(server: Server, said: object, granted: set[str]) -> None:
    server.body = published(("a", RSA[0]))
    roles = {"staff": "editor", "boss": "admin"}
    made = issuer(server, roles_claim="realm.roles", roles=roles, tenant_claim="org", default_roles=())
    proved = made.proved(token(claims(realm={"roles": said}, org="acme", roles=["boss"])))
    assert (proved.roles, proved.tenant) == (granted, "acme")


# ---------------------------------------------------------------- over HTTP, and accounts

ISSUERS = """
  issuers:
    corporate:
      issuer: https://login.example.com/
      jwks: {url}
      algorithms: [RS256]
      audience: us
      allow_private: true
      {more}
"""


def test_a_caller_without_an_account_has_the_roles_that_are_given(
    server: Server, new_home: Callable[..., Home]
) -> None:
    server.body = published(("a", RSA[0]))
    home = new_home(CONFIG.replace("  registration: open", ISSUERS.format(url=server.url, more="roles_claim: groups")))
    good = token(claims(groups=["admin"]))
    for path in ("/api/notes", "/json/note", "/v1/notes", "/api/v1/notes", "/schema/main/notes", "/items/notes"):
        assert home.status(good, path) == 200
        assert home.status(token(claims(aud="them")), path) in (401, 403)
    actor = actor_of(home.snapshot, good)
    assert (actor.id, actor.admin, actor.session) == ("corporate:7", False, None)
    made = home.client.post("/items/notes", json={"body": "x"}, headers={"Authorization": f"Bearer {good}"})
    assert made.status_code == 201


def test_a_token_may_name_an_account(server: Server, new_home: Callable[..., Home]) -> None:
    server.body = published(("a", RSA[0]))
    home = new_home(CONFIG.replace("  registration: open", ISSUERS.format(url=server.url, more="account_claim: who")))
    email = home.person()
    id = home.signed(email).account.id
    for said in (email, email.upper(), id):
        actor = actor_of(home.snapshot, token(claims(who=said)))
        assert (actor.id, actor.roles) == (id, {"user"})
    for more in (
        {"who": "x@example.com"},
        {"who": str(uuid.uuid4())},
        {"who": 1},
        {},
        {"who": email, "email_verified": False},
    ):
        refused(lambda more=more: actor_of(home.snapshot, token(claims(**more))))  # type: ignore[misc]
    home.run("UPDATE _dragoman_users SET is_active = ? WHERE email = ?", False, email)
    refused(lambda: actor_of(home.snapshot, token(claims(who=email))))


# ---------------------------------------------------------------- fetching

PRIVATE = [
    *("127.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]", "2130706433", "0x7f000001", "127.1", "localhost"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_not_connected_to(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *to: tried.append(to))
    with pytest.raises(FetchError):
        fetch(f"https://{host}/keys", Outside())
    assert tried == []


def test_a_name_is_looked_up_once_and_its_address_connected_to(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def looked_up(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(fetching.socket, "getaddrinfo", looked_up)
    server.body = b"here"
    url = f"http://rebinding.example.com:{server.port}/keys"
    with pytest.raises(FetchError, match="private"):
        fetch(url, Outside())
    assert fetch(url, Outside(allow_private=True)) == b"here"
    assert asked.count("rebinding.example.com") == 2


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/", "https://", "//example.com/", "keys.json"])
def test_what_is_no_web_address_is_not_fetched(url: str) -> None:
    with pytest.raises(FetchError):
        fetch(url, Outside(allow_private=True))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 204, 404])
def test_nothing_is_followed(server: Server, status: int) -> None:
    server.status, server.headers = status, {"Location": f"{server.url}/elsewhere"}
    with pytest.raises(FetchError, match=f"answered {status}"):
        fetch(server.url, Outside(allow_private=True))
    assert server.asked == ["/keys"]


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "10"}])
def test_a_document_is_no_longer_than_allowed(server: Server, headers: dict[str, str]) -> None:
    server.body, server.headers = b"x" * 2000, headers
    bounds = Outside(allow_private=True, most_bytes=1000)
    if headers:
        assert len(fetch(server.url, bounds)) == 10
        return
    with pytest.raises(FetchError, match="longer than 1000"):
        fetch(server.url, bounds)


def test_a_document_that_drips_is_cut_off_in_time(server: Server) -> None:
    server.body, server.slowly = b"x" * 100, 0.05
    started = time.monotonic()
    with pytest.raises(FetchError):
        fetch(server.url, Outside(0.3, allow_private=True))
    assert time.monotonic() - started < 2


def test_a_server_without_a_certificate_is_not_believed(server: Server) -> None:
    with pytest.raises(FetchError):
        fetch(server.url.replace("http:", "https:"), Outside(1.0, allow_private=True))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("{issuer: dragoman, jwks: 'https://a/', algorithms: [RS256], audience: us}", "'dragoman' is taken"),
        ("{issuer: x, jwks: 'http://a/', algorithms: [RS256], audience: us}", "must be an https URL"),
        (
            "{issuer: x, jwks: 'file:///x', algorithms: [RS256], audience: us, allow_private: true}",
            "must be an https URL",
        ),
        ("{issuer: x, jwks: 'https://a/', algorithms: [HS256], audience: us}", "'HS256' is not allowed"),
        ("{issuer: x, jwks: 'https://a/', algorithms: [none], audience: us}", "'none' is not allowed"),
        ("{issuer: x, jwks: 'https://a/', algorithms: [], audience: us}", "must not be empty"),
        ("{issuer: x, jwks: 'https://a/', audience: us}", "lacks the key algorithms"),
        ("{issuer: x, jwks: 'https://a/', algorithms: [RS256]}", "lacks the key audience"),
    ],
)
def test_an_issuer_that_cannot_be_is_told(tmp_path: Path, said: str, problem: str) -> None:
    (tmp_path / "config.yml").write_text(f"auth: {{issuers: {{one: {said}}}}}\n")
    assert problem in "\n".join(map(str, check_config(tmp_path / "config.yml", {})))


def test_no_issuer_has_the_name_of_configured_users(tmp_path: Path) -> None:
    said = "{issuer: x, jwks: 'https://a/', algorithms: [RS256], audience: us}"
    (tmp_path / "config.yml").write_text(f"auth: {{issuers: {{config: {said}}}}}\n")
    assert "an issuer needs another" in "\n".join(map(str, check_config(tmp_path / "config.yml", {})))
