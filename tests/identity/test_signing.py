"""How tokens are signed: one algorithm, keys by their id, one key after the other."""

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import flask_jwt_extended
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from crud import doors
from crud.callers import actor_of
from crud.definitions.config import Config
from crud.definitions.identity import Auth, SigningKey
from crud.definitions.problems import ConfigError
from crud.definitions.reading import read_config
from crud.errors import ApiError
from crud.identity import tokens
from crud.identity.signing import Signing, kept_secret, signing_of
from crud.identity.tokens import issue, read
from crud.snapshots.state import Identity
from tests.identity.conftest import Home
from tests.tables import each

SECRET = "x" * 40


def pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[str, str]:
    """(private, public)."""
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret.decode(), private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


RSA = [pem(rsa.generate_private_key(65537, 2048)) for _ in range(2)]
EC = [pem(ec.generate_private_key(ec.SECP256R1())) for _ in range(2)]
PAIRS = {"RS256": RSA, "ES256": EC}


def keys(algorithm: str) -> tuple[SigningKey, SigningKey]:
    if algorithm == "HS256":
        return SigningKey("a", secret=SECRET), SigningKey("b", secret=SECRET[::-1] + "y")
    (first, _), (second, _) = PAIRS[algorithm]
    return SigningKey("a", private=first), SigningKey("b", private=second)


def signing(algorithm: str, *made: SigningKey, **more: object) -> Signing:
    return signing_of(Config(auth=Auth(algorithm=algorithm, keys=made, **more)))  # type: ignore[arg-type]


def access(made: Signing) -> str:
    return issue(made, subject=str(uuid.uuid4()), sid=str(uuid.uuid4())).access


def good(made: Signing, token: str) -> bool:
    try:
        read(made, token, "access")
    except ApiError as error:
        assert error.kind == "invalid_token"
        return False
    return True


ALGORITHMS = ["HS256", "RS256", "ES256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_changed_without_ending_what_it_signed(algorithm: str) -> None:
    old, new = keys(algorithm)
    before, both, after = signing(algorithm, old), signing(algorithm, new, old), signing(algorithm, new)
    first, second = access(before), access(both)
    assert jwt.get_unverified_header(first)["kid"] == "a" and jwt.get_unverified_header(second)["kid"] == "b"
    assert [good(before, first), good(both, first), good(after, first)] == [True, True, False]
    assert [good(before, second), good(both, second), good(after, second)] == [False, True, True]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_public_half_verifies_and_cannot_sign(algorithm: str) -> None:
    old, new = keys(algorithm)
    public = SigningKey("a", public=PAIRS[algorithm][0][1])
    assert good(signing(algorithm, new, public), access(signing(algorithm, old)))
    with pytest.raises(ConfigError, match="needs its private half"):
        signing(algorithm, public)


def payload() -> dict[str, object]:
    now = int(time.time())
    ids = {name: str(uuid.uuid4()) for name in ("sub", "sid", "jti")}
    return {**ids, "iss": "dragoman", "type": "access", "iat": now, "nbf": now, "exp": now + 60}


def by_hand(claims: dict[str, object], key: str, **headers: object) -> str:
    import base64
    import hmac
    import json

    def piece(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    text = f"{piece({'alg': 'HS256', 'typ': 'JWT', **headers})}.{piece(claims)}"
    made = hmac.digest(key.encode(), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_public_key_is_no_secret_of_another_algorithm(algorithm: str) -> None:
    made = signing(algorithm, keys(algorithm)[0])
    public = PAIRS[algorithm][0][1]
    for said in ("HS256", "none", algorithm):
        for key in (public, public.strip(), ""):
            assert not good(made, by_hand(payload(), key, alg=said, kid="a"))


@each("kid", [None, "", "c", "../../dev/null", "a\x00", ["a"], {"a": 1}, 1, "A"])
def test_only_the_id_of_a_key_finds_it(kid: object) -> None:
    made = signing("HS256", keys("HS256")[0])
    assert good(made, by_hand(payload(), SECRET, kid="a"))
    assert not good(made, by_hand(payload(), SECRET, **({} if kid is None else {"kid": kid})))


def test_an_audience_that_is_configured_must_be_the_tokens() -> None:
    ours, others = signing("HS256", keys("HS256")[0], audience="ours"), signing("HS256", keys("HS256")[0])
    assert good(ours, access(ours)) and not good(ours, access(others)) and not good(others, access(ours))
    assert not good(ours, by_hand({**payload(), "aud": ["ours", "theirs"]}, SECRET, kid="a"))


def test_there_is_no_leeway() -> None:
    made = signing("HS256", keys("HS256")[0])
    assert not good(made, by_hand({**payload(), "exp": int(time.time())}, SECRET, kid="a"))
    assert not good(made, by_hand({**payload(), "nbf": int(time.time()) + 2}, SECRET, kid="a"))


def test_what_was_shown_before_ends_when_it_expires() -> None:
    made, ends = signing("HS256", keys("HS256")[0]), int(time.time()) + 2
    token = by_hand({**payload(), "exp": ends}, SECRET, kid="a")
    assert good(made, token) and good(made, token) and not good(signing("HS256", keys("HS256")[1]), token)
    time.sleep(max(0.0, ends - time.time()))
    assert not good(made, token)


def test_a_key_that_is_taken_away_by_a_reload_ends_its_tokens(new_home: Callable[..., Home]) -> None:
    home = new_home()
    old, new = (signing("HS256", key) for key in keys("HS256"))
    state = home.app.extensions["dragoman"].state
    state.swap(replace(home.snapshot, identity=Identity(old, {})))
    signed = home.signed(home.person())
    assert home.status(signed.token) == 200
    state.swap(replace(home.snapshot, identity=Identity(new, {})))
    assert home.status(signed.token) == 401
    with pytest.raises(ApiError):
        doors.refresh(home.snapshot, signed.refresh_token)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_keys_may_stand_in_files(tmp_path: Path, new_home: Callable[..., Home], algorithm: str) -> None:
    private, _ = PAIRS[algorithm][0]
    (tmp_path / "key.pem").write_text(private)
    text = f"""
sources: {{default: {{database: "${{DATABASE_URL}}"}}}}
auth: {{algorithm: {algorithm}, keys: [{{id: "2026", private: {tmp_path / "key.pem"}}}]}}
"""
    home = new_home(text)
    token = home.signed(home.person("admin")).token
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": "2026", "typ": "JWT"}
    assert actor_of(home.snapshot, token).admin


WEAK = pem(rsa.generate_private_key(65537, 1024))[0]
WRONG = [
    ("algorithm: RS256", "auth.algorithm: RS256 needs keys"),
    ("algorithm: HS384", "'HS384' is not allowed; allowed: HS256, RS256, ES256"),
    ("keys: [{id: a, secret: short}]", "auth.keys.0.secret: has 5 bytes"),
    (f"keys: [{{id: a, secret: {SECRET}}}, {{id: a, secret: {SECRET}}}]", "the id 'a' is used twice"),
    ("keys: [{id: a, private: nowhere.pem}]", "HS256 takes keys with a secret, and nothing else"),
    (f"algorithm: RS256, keys: [{{id: a, secret: {SECRET}}}]", "RS256 takes keys with private or public"),
    ("algorithm: RS256, keys: [{id: a, private: nowhere.pem}]", "auth.keys.0.private: is neither a key"),
    ("registration_role: administrator", "would make everybody an administrator"),
    ("limits: {sign_in: often}", "must be like 20/minute"),
    ("limits: {storage: 'file:///x'}", "must be a URL; allowed: memory://, redis://, rediss://"),
]


@pytest.mark.parametrize(("said", "problem"), WRONG)
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, said: str, problem: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(f"auth: {{{said}}}\n")
    with pytest.raises(ConfigError) as error:
        read_config(path, {})
    assert "config.yml:1: auth." in str(error.value) and problem in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", SigningKey("a", private=WEAK)),
        ("RS256", SigningKey("a", private=EC[0][0])),
        ("ES256", SigningKey("a", private=RSA[0][0])),
        ("RS256", SigningKey("a", private=RSA[0][0], public=RSA[1][1])),
        ("RS256", SigningKey("a", private="-----BEGIN garbage")),
        ("ES256", SigningKey("a", private=pem(ec.generate_private_key(ec.SECP384R1()))[0])),
        ("RS256", SigningKey("a", private=RSA[0][0], public=RSA[0][0])),
    ],
)
def test_a_key_that_does_not_go_with_the_algorithm_is_told_at_start(algorithm: str, key: SigningKey) -> None:
    with pytest.raises(ConfigError, match=f"is no key for {algorithm}"):
        signing(algorithm, key)


def test_a_secret_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    kept = kept_secret(tmp_path / "var" / "secret")
    assert kept == kept_secret(tmp_path / "var" / "secret") and len(kept) >= 64
    assert (tmp_path / "var" / "secret").stat().st_mode & 0o777 == 0o600


def test_our_tokens_are_made_and_verified_by_the_chosen_library(monkeypatch: pytest.MonkeyPatch) -> None:
    required = (Path(__file__).parents[2] / "requirements.txt").read_text()
    assert "flask-jwt-extended==" in required
    made = signing("HS256", keys("HS256")[0])
    token = access(made)
    used: list[str] = []
    for name in ("create_access_token", "create_refresh_token", "decode_token"):
        real = getattr(flask_jwt_extended, name)
        assert getattr(tokens, name) is real
        monkeypatch.setattr(tokens, name, lambda *a, _n=name, _r=real, **k: used.append(_n) or _r(*a, **k))
    assert good(made, access(made)) and good(made, token)
    assert used == ["create_access_token", "create_refresh_token", "decode_token", "decode_token"]
