"""Phantom's doors: `/auth/setup`, `login`, `register`, `refresh`, `logout`, and `/csrf-token`.

In: JSON bodies, cookies. Out: `{"success": true, "token", "user"}` and cookies. What is wrong with a body is said in
`details`, by member. The doors that another dialect shares are hung up by `crud.auth.doors`.
"""

from flask import Response

from crud import doors
from crud.auth import cookies
from crud.auth.bodies import EMAIL, PASSWORD, Body, named, only, posted, texts
from crud.auth.doors import Voice, leave, open_doors
from crud.auth.memberships import leading
from crud.dialects.phantom.mounts import AUTH, CSRF
from crud.doors import New, Signed
from crud.identity.accounts import Account
from crud.identity.brakes import braked
from crud.web.crossing import NONCE, csrf_token
from crud.web.dialect import answer, context, reader

MEMBERS = ("email", "password", "name")
Row = dict[str, object]


@AUTH.blueprint.post("/setup")
@braked("set_up")
def set_up() -> Response:
    """The first administrator, while there is none."""
    reader().finish()
    signed = doors.set_up(context().snapshot, _new(posted(), name="Admin"))
    return answer({"success": True, "message": "Admin user created successfully", **_session(signed)})


@AUTH.blueprint.post("/logout")
def logout() -> Response:
    """The session ends, and so do its cookies."""
    leave()
    return answer({"success": True, "message": "Logged out successfully"})


@CSRF.blueprint.get("")
def give_csrf_token() -> Response:
    """What a page shows in `X-CSRF-Token`, where the browser does not say that it is ours."""
    reader().finish()
    token, nonce = csrf_token(cookies.held(cookies.ACCESS) or "")
    response = answer({"success": True, "csrfToken": token})
    cookies.put(response, NONCE, nonce)
    return response


def register(body: Body) -> Response:
    """An account of one's own."""
    return answer({"success": True, **_session(doors.register(context().snapshot, _new(body)))})


def _new(body: Body, *, name: str = "") -> New:
    """The account that a body describes; without a name it gets this one, or what its e-mail begins with."""
    only(body, MEMBERS)
    email, password, said = texts(body, EMAIL, PASSWORD, named("name"))
    return New(email, password, name=said or name or email.partition("@")[0])


def user_of(account: Account) -> Row:
    """An account as a sign-in shows it."""
    return {"id": account.id, "email": account.email, "name": account.name, "role": leading(account.roles)}


def _session(signed: Signed) -> Row:
    tokens = {"token": signed.token, "refreshToken": signed.refresh_token, "expiresIn": signed.expires_in}
    return {**tokens, "user": user_of(signed.account)}


open_doors(
    AUTH,
    Voice(
        begun=lambda signed, body: {"success": True, **_session(signed)},
        carried_on=lambda signed: {"success": True, "token": signed.token, "expiresIn": signed.expires_in},
        register=register,
        means=lambda body: False,
        keeps=lambda body: True,
    ),
)
