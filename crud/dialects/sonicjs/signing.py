"""Signing in and out as SonicJS does it, in both of its generations.

In: `{"email": …, "password": …}`, or the bearer that shall be good no more. Out: `{"bearer", "user"}` under `/v1`,
`{"bearer", "expires"}` under `/api/v1`.
"""

from collections.abc import Mapping
from dataclasses import replace
from time import time

from flask import Response

from crud.callers import actor_of
from crud.dialects.sonicjs.mounts import API_V1, V1, Row
from crud.dialects.sonicjs.users import plain, row_of
from crud.doors import Signed, sign_in
from crud.errors import ApiError, unknown_field
from crud.identity.brakes import braked
from crud.web.dialect import answer, context, reader
from crud.web.doorway import MOST_PASSWORD, end_session, posted
from crud.wire.bodies import bad_body
from sql.expressions import Origin

CREDENTIALS = ("email", "password")


@V1.blueprint.post("/auth/login")
@braked("sign_in")
def login_bare() -> Response:
    """A bearer, in the body and in the header, and whose it is."""
    signed = signed_in("Incorrect username or password")
    body = {"bearer": signed.token, "user": user_of(signed)}
    return answer(body, headers={"Authorization": f"Bearer {signed.token}"})


@API_V1.blueprint.post("/auth/login")
@braked("sign_in")
def login_wrapped() -> Response:
    """A bearer, and until when it is good."""
    expires = int(time())
    signed = signed_in("Email/Password combination invalid")
    return answer({"bearer": signed.token, "expires": (expires + signed.expires_in) * 1000})


def logout() -> Response:
    """The session of the bearer ends."""
    reader().finish()
    end_session()
    return answer({"message": "Successfully logged out"})


for mount in (V1, API_V1):
    mount.blueprint.add_url_rule("/auth/logout", "logout", logout, methods=["POST"])


# ---------------------------------------------------------------- what comes in, and whose it is


def signed_in(refusal: str) -> Signed:
    """The session of the credentials in the body. `refusal`: what is said of wrong ones."""
    reader().finish()
    email, password = parse_credentials(posted())
    try:
        return sign_in(context().snapshot, email, password)
    except ApiError as error:
        if error.kind != "invalid_credentials":
            raise
        raise ApiError(error.kind, refusal) from None


def parse_credentials(body: object) -> tuple[str, str]:
    """`{"email": …, "password": …}`."""
    if not isinstance(body, dict):
        raise bad_body("expected an object with email and password")
    for name in body:
        if name not in CREDENTIALS:
            raise unknown_field(Origin(name[:100], "body"))
    email, password = (_text(body, name) for name in CREDENTIALS)
    if len(password) > MOST_PASSWORD:
        raise bad_body(f"has more than {MOST_PASSWORD} characters", "password")
    return email, password


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if isinstance(value, str):
        return value
    raise bad_body("expected a text", name)


def user_of(signed: Signed) -> Row:
    """The account that has signed in, as it may read itself; what a sign-in tells in any case where it may not."""
    asking = replace(context(), actor=actor_of(context().snapshot, signed.token))
    try:
        return row_of(asking)
    except ApiError:
        return plain(asking.actor)
