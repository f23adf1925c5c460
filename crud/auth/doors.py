"""The doors that dialects share where they are mounted at one path: sign-in, registration, refresh; and the way out.

In: requests; each dialect's `Voice`, which `open_doors` hangs up. Out: the superset of what the dialects at this path
answer. Where the body tells them apart, as in a registration, the one that is meant answers alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, after_this_request, request

from crud import doors
from crud.auth import cookies
from crud.auth.bodies import EMAIL, PASSWORD, Body, Member, only, posted, posted_if_any, texts
from crud.callers import actor_of
from crud.doors import Signed
from crud.errors import ApiError
from crud.identity.brakes import knock
from crud.identity.signing import forged
from crud.web.crossing import refuse_cross_site
from crud.web.dialect import answer, context, reader
from crud.web.mounts import Mount, Mounted, merged, served, shared, speak_as
from crud.web.recognising import bearer, become

CREDENTIALS = frozenset({"email", "password"})
REFRESH = Member("refreshToken", "refreshToken must be a token", required=False)
Row = dict[str, object]


@dataclass(frozen=True)
class Voice:
    """What a dialect says at the doors that it may share.

    `begun` and `carried_on` make the bodies of a session that began or goes on; `register` is the whole view of a body
    that `means` it. `check` refuses a sign-in's body. `lenient`: members that nobody knows are passed over.
    `keeps`: whether a session that began is handed over as cookies too.
    """

    begun: Callable[[Signed, Body], Mapping[str, object]]
    carried_on: Callable[[Signed], Mapping[str, object]]
    register: Callable[[Body], Response]
    means: Callable[[Body], bool]
    keeps: Callable[[Body], bool]
    check: Callable[[Body], None] = lambda body: None
    lenient: bool = False


VOICES: dict[str, Voice] = {}


def open_doors(mount: Mount, voice: Voice) -> None:
    """Hang the shared doors under a mount."""
    VOICES[mount.blueprint.name] = voice
    for path, view in (("/login", login), ("/register", register), ("/refresh", refresh)):
        mount.blueprint.add_url_rule(path, view_func=view, methods=["POST"])


def _here() -> list[tuple[Mounted, Voice]]:
    return [(each, VOICES[each.mount.blueprint.name]) for each in served().sharing(request.path)]


# ---------------------------------------------------------------- in


@shared
def login() -> Response:
    """A session for an e-mail and a password."""
    knock("sign_in")
    reader().finish()
    voices, body = [voice for _, voice in _here()], posted()
    if not any(voice.lenient for voice in voices):
        only(body, CREDENTIALS)
    email, password = texts(body, EMAIL, PASSWORD, summary="Email and password are required")
    for voice in voices:
        voice.check(body)
    signed = signed_in(doors.sign_in(context().snapshot, email, password))
    response = answer(merged(voice.begun(signed, body) for voice in voices))
    if any(voice.keeps(body) for voice in voices):
        cookies.give(response, signed)
    return response


@shared
def register() -> Response:
    """A new account and its session: as the dialect answers that the body means."""
    knock("register")
    reader().finish()
    here, body = _here(), posted()
    meant, voice = next((found for found in here if found[1].means(body)), here[0])
    speak_as([meant])
    return voice.register(body)


def signed_in(signed: Signed) -> Signed:
    """From here on it is he who is calling."""
    become(actor_of(context().snapshot, signed.token))
    return signed


# ---------------------------------------------------------------- on


@shared
def refresh() -> Response:
    """The next tokens of a session. A refresh token that came as a cookie is answered as a cookie."""
    knock("refresh")
    reader().finish()
    body, cookie = posted_if_any(), cookies.held(cookies.REFRESH)
    (said,) = texts(body, REFRESH)
    if not said and cookie is not None:
        refuse_cross_site(cookies.held(cookies.ACCESS) or "")
    token = said or cookie or bearer()
    if not token:
        raise ApiError("unauthorized", "No token provided")
    signed = doors.refresh(context().snapshot, token)
    own = {} if token is cookie else {"refreshToken": signed.refresh_token}
    mode = {"authMode": "cookie"} if token is cookie else {}
    response = answer(merged([own, mode, *(voice.carried_on(signed) for _, voice in _here())]))
    if cookie is not None:
        cookies.give(response, signed)
    return response


# ---------------------------------------------------------------- out


def leave() -> None:
    """End the session of every token that is shown, and take the cookies back.

    Raises `invalid_token` where some are shown and none is one of ours: the caller must not believe that he is out.
    """
    reader().finish()
    (said,) = texts(posted_if_any(), REFRESH)
    held = [token for token in map(cookies.held, (cookies.ACCESS, cookies.REFRESH)) if token]
    header = bearer()
    if header is None and held:
        refuse_cross_site(cookies.held(cookies.ACCESS) or "")
    after_this_request(cookies.forget)
    shown = [token for token in (said, header, *held) if token]
    ended = [_ended(token) for token in shown]
    if shown and not any(ended):
        raise forged()


def _ended(token: str) -> bool:
    try:
        doors.sign_out(context().snapshot, token)
    except ApiError as error:
        if error.kind != "invalid_token":
            raise
        return False
    return True
