"""Bodies at the doors: small JSON objects of known members, each a text within bounds.

In: Flask's request, a table of members. Out: texts. All that is wrong is told at once, by member; what was sent is
never repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request

from crud.errors import ApiError, unknown_field
from crud.identity.accounts import UNSAFE
from crud.web import doorway
from crud.web.doorway import MOST_BYTES, MOST_PASSWORD
from crud.wire.bodies import bad_body
from sql.expressions import Origin

MOST_NAME = 200
Body = Mapping[str, object]


@dataclass(frozen=True)
class Member:
    """A text of a body, and what is said where it is not as it must be."""

    name: str
    problem: str
    required: bool = True
    most: int = MOST_BYTES


EMAIL = Member("email", "Valid email is required")
PASSWORD = Member("password", "Password is required", most=MOST_PASSWORD)


def named(name: str) -> Member:
    """A member that holds some name and may be left out."""
    return Member(name, f"{name} must be text of at most {MOST_NAME} characters", required=False, most=MOST_NAME)


def posted() -> dict[str, object]:
    """The object of a body that says that it is JSON. Raises ApiError."""
    body = doorway.posted()
    if not isinstance(body, dict):
        raise bad_body("expected an object")
    return body


def posted_if_any() -> dict[str, object]:
    """The same, where a request may have no body."""
    request.max_content_length = MOST_BYTES
    return posted() if request.get_data() else {}


def only(body: Body, known: Iterable[str]) -> None:
    """Refuse members that mean nothing here."""
    for name in body.keys() - set(known):
        raise unknown_field(Origin(name[:100], "body"))


def texts(body: Body, *members: Member, summary: str | None = None) -> list[str]:
    """The texts of these members in their order; empty where one may be left out. `summary` says it in one sentence.
    Raises ApiError."""
    wrong = [member for member in members if not _fits(body.get(member.name), member)]
    if wrong:
        details = [{"type": "field", "msg": m.problem, "path": m.name, "location": "body"} for m in wrong]
        said = summary or "; ".join(member.problem for member in wrong)
        raise ApiError("bad_body", said, parameter="body", details=details)
    return [str(body.get(member.name) or "") for member in members]


def _fits(value: object, member: Member) -> bool:
    if value is None or value == "":
        return not member.required
    return isinstance(value, str) and len(value) <= member.most and not UNSAFE.search(value)
