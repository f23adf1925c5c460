"""Baasix's doors: `/auth/register`, `login`, `refresh`, `logout`, `me`, `check`, `password/change`.

In: JSON bodies, tokens, cookies. Out: a token with the account, its role, what it may do, its tenant. The doors that
another dialect shares are hung up by `crud.auth.doors`.
"""

from flask import Response

from crud import doors
from crud.auth import cookies
from crud.auth.bodies import EMAIL, PASSWORD, Body, Member, named, posted, texts
from crud.auth.doors import Voice, leave, open_doors, signed_in
from crud.dialects.baasix.mounts import AUTH
from crud.dialects.baasix.profile import profile
from crud.doors import New, Signed
from crud.errors import ApiError
from crud.identity.accounts import stored_role
from crud.identity.brakes import braked
from crud.web.dialect import answer, context, reader
from crud.web.doorway import MOST_PASSWORD
from crud.web.recognising import identify

MODES = ("jwt", "cookie")
LOGIN = (named("tenant_Id"), named("authType"), named("authMode"))
FIRST_NAME = named("firstName")
NAMES = (FIRST_NAME, named("lastName"), named("phone"), named("roleName"))
NEEDED = "Email, password, and firstName are required"
PASSWORDS = (
    Member("currentPassword", "currentPassword is required", most=MOST_PASSWORD),
    Member("newPassword", "newPassword is required", most=MOST_PASSWORD),
)
Row = dict[str, object]


# ---------------------------------------------------------------- in


def check(body: Body) -> None:
    """Refuse a sign-in that asks for what there is not."""
    texts(body, *LOGIN)
    if _mode(body) not in MODES:
        raise ApiError("bad_body", "authMode must be jwt or cookie", parameter="body", field="authMode")


def _mode(body: Body) -> str:
    return str(body.get("authMode") or "jwt")


def begun(signed: Signed, body: Body) -> Row:
    """The body of a session that began. One that was asked for another tenant ends at once."""
    if body.get("tenant_Id") not in (None, "", signed.account.tenant):
        doors.sign_out(context().snapshot, signed.token)
        raise ApiError("forbidden", "The account does not belong to this tenant")
    return {**tokens(signed, _mode(body)), "refreshToken": signed.refresh_token, **profile()}


def tokens(signed: Signed, mode: str = "jwt") -> Row:
    """The token of a session, how it is carried, for how many seconds it is good."""
    return {"token": signed.token, "authMode": mode, "expiresIn": signed.expires_in}


def register(body: Body) -> Response:
    """An account of one's own."""
    check(body)
    email, password, _ = texts(body, EMAIL, PASSWORD, Member("firstName", NEEDED), summary=NEEDED)
    first, last, phone, role = texts(body, *NAMES)
    _refuse_favours(body, role)
    name = f"{first} {last}".strip()
    new = New(email, password, name, first_name=first, last_name=last or None, phone=phone or None)
    signed = signed_in(doors.register(context().snapshot, new))
    response = answer({"message": "User registered successfully", **begun(signed, {"authMode": _mode(body)})})
    if _mode(body) == "cookie":
        cookies.give(response, signed)
    return response


def _refuse_favours(body: Body, role: str) -> None:
    """Who registers gets the role that the configuration gives, no tenant, and no invitation is known here."""
    if role and role != stored_role(context().snapshot.config.auth.registration_role):
        raise ApiError("forbidden", "This role cannot be chosen at registration")
    for name in ("tenant", "inviteToken"):
        if body.get(name) is not None:
            raise ApiError("bad_body", f"{name} is not taken at registration", parameter="body", field=name)


# ---------------------------------------------------------------- who


@AUTH.blueprint.get("/me")
def read_me() -> Response:
    """Who is calling, with what his rules let him see of his own row."""
    reader().finish()
    _identified()
    found = profile()
    return answer({**found, "data": found["user"]})


@AUTH.blueprint.get("/check")
def check_token() -> Response:
    """Whether the token that is shown is good."""
    reader().finish()
    try:
        identify()
    except ApiError as error:
        if error.kind != "invalid_token":
            raise
        return _invalid(error.message)
    id = context().actor.id
    return answer({"valid": True, "user": {"id": id}}) if id else _invalid("No token provided")


def _invalid(message: str) -> Response:
    return answer({"valid": False, "message": message}, 401, {"WWW-Authenticate": "Bearer"})


def _identified() -> None:
    identify()
    if context().actor.id is None:
        raise ApiError("unauthorized", "Unauthorized")


# ---------------------------------------------------------------- on and out


@AUTH.blueprint.get("/logout")
def logout() -> Response:
    """The session ends, and so do its cookies."""
    leave()
    return answer({"message": "Logged out successfully"})


@AUTH.blueprint.post("/password/change")
@AUTH.blueprint.post("/change-password")
@braked("sign_in")
def change_password() -> Response:
    """Another password for who knows the old one. Every session ends, and one begins."""
    reader().finish()
    _identified()
    old, new = texts(posted(), *PASSWORDS)
    signed = doors.change_password(context().snapshot, context().actor, old=old, new=new)
    begins = {**tokens(signed), "refreshToken": signed.refresh_token}
    response = answer({"message": "Password changed successfully", **begins})
    if cookies.held(cookies.ACCESS):
        cookies.give(response, signed)
    return response


open_doors(
    AUTH,
    Voice(
        begun=begun,
        carried_on=tokens,
        register=register,
        means=lambda body: "firstName" in body,
        keeps=lambda body: _mode(body) == "cookie",
        check=check,
        lenient=True,
    ),
)
