"""The doors that dialects share, as JSON Schema: what a sign-in takes, what a session is, whose words refuse it.

In: nothing. Out: schemas and helpers for the descriptions of dialects.
"""

from collections.abc import Callable

from crud.openapi.parts import BOOLEAN, STRING, Refused, closed, open_object
from crud.openapi.values import Json

TEXT: Json = {"type": "string", "minLength": 1}
EMAIL: Json = {"type": "string", "minLength": 1, "examples": ["ann@example.com"]}
PASSWORD: Json = {"type": "string", "minLength": 1, "maxLength": 1024, "format": "password"}
CREDENTIALS = closed({"email": EMAIL, "password": PASSWORD}, "email", "password")
REFRESH = closed({"refreshToken": {"type": ["string", "null"]}})
TOKENS: Json = {"token": STRING, "refreshToken": STRING, "expiresIn": {"type": "integer"}}
SESSION = open_object(TOKENS, "token", "expiresIn")
NAME: Json = {"type": ["string", "null"], "maxLength": 200}
MESSAGE = closed({"message": STRING}, "message")
OK = open_object({"success": BOOLEAN, "message": STRING}, "message")


def lowest(*of: Callable[[str], int]) -> Callable[[str], int]:
    """The status where several dialects answer together: the lowest is the right one."""
    return lambda kind: min(status(kind) for status in of)


def shared(refused: Refused, name: str, status: Callable[[str], int]) -> Refused:
    """The refusals of a door that others answer, too: their members stand beside."""
    members = {key: value for key, value in refused.schema.items() if key != "additionalProperties"}
    return Refused(name, members, lowest(refused.status, status))
