"""Metal's user: signing in, signing out, and who is signed in.

In: `POST /user/login` with `username` and `password`, `POST /user/logout`, `GET /user/info`. Out: a token, nothing, a
name. Users are those of the configuration, by name, and accounts, by e-mail.
"""

from decimal import Decimal

from flask import Response

from crud.dialects.metal import rendering
from crud.dialects.metal.bodies import members, wrong
from crud.dialects.metal.mounts import USER, signed_in
from crud.dialects.metal.writing import received
from crud.doors import sign_in
from crud.identity.brakes import braked
from crud.web.dialect import answer, context, nothing, reader
from crud.web.doorway import MOST_PASSWORD, end_session, posted

CREDENTIALS = ("username", "password")


@USER.blueprint.post("/login")
@braked("sign_in")
def login() -> Response:
    """A token for a name and a password."""
    reader().finish()
    if context().actor.id is not None:
        return answer({"message": "User already logged"}, 403)
    name, password = parse_credentials(posted())
    return answer({"token": sign_in(context().snapshot, name, password).token})


@USER.blueprint.post("/logout")
def logout() -> Response:
    """The session of the token ends."""
    signed_in()
    members(received())
    end_session()
    return nothing(204)


@USER.blueprint.get("/info")
def user_info() -> Response:
    """Who the caller is."""
    reader().finish()
    signed_in()
    return answer(rendering.user_info(context().actor))


def parse_credentials(body: object) -> tuple[str, str]:
    """`{"username": …, "password": …}`; a password that is a number is its digits."""
    if not isinstance(body, dict):
        raise wrong("", "must be object", "type")
    members(body, *CREDENTIALS, required=CREDENTIALS)
    password = body["password"]
    text = format(password, "f") if isinstance(password, Decimal) else str(password)
    if len(text) > MOST_PASSWORD:
        raise wrong("password", f"must NOT have more than {MOST_PASSWORD} characters", "maxLength")
    return body["username"], text
