"""What a caller can be told: one exception, a table of its kinds, and the words that several rooms share.

In: what went wrong, where and what was expected. Out: `ApiError`; each dialect puts it into its own envelope and may
answer a kind with another status than the table's (`crud.web.dialect`). No message carries database text, SQL or a
path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sql.expressions import Origin

# kind → HTTP status (RFC 9110); dialects override single rows.
STATUS: Mapping[str, int] = MappingProxyType(
    {
        "unauthorized": 401,
        "invalid_token": 401,
        "invalid_credentials": 401,
        "forbidden": 403,
        "cross_site": 403,
        "refused": 403,  # by a hook, in the hook's own words
        "unknown_resource": 404,
        "unknown_path": 404,
        "missing_row": 404,
        "wrong_method": 405,
        "bad_parameter": 400,
        "unknown_field": 400,
        "bad_body": 400,
        "invalid": 400,
        "failed_step": 400,  # of a plan: the message names it
        "for_tables": 400,  # what cannot be done to a plan
        "not_loaded": 400,  # definitions that cannot be put in force: the message has a line for each mistake
        "conflict": 409,
        "kept": 409,
        "precondition": 412,
        "too_large": 413,
        "unsupported_media": 415,
        "too_many": 429,
        "headers_too_long": 431,
        "not_implemented": 501,
        "busy": 503,
        "timeout": 503,
        "internal": 500,
    }
)


class ApiError(Exception):
    """A refusal. `kind` is a row of `STATUS`; `parameter` and `field` say where; `details` is JSON data.

    `wait`: after how many seconds it may be tried again.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        parameter: str = "",
        field: str = "",
        details: object = None,
        wait: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.wait = kind, message, wait
        self.parameter, self.field, self.details = parameter, field, details

    @property
    def status(self) -> int:
        """The status of the kind where the dialect says nothing else."""
        return STATUS[self.kind]


def unknown_field(origin: Origin) -> ApiError:
    """The one answer for a field that does not exist and for one that this caller may not see."""
    message = f"Unknown field {origin.text!r} in {origin.parameter}"
    return ApiError("unknown_field", message, parameter=origin.parameter, field=origin.text)


def bad_parameter(parameter: str, problem: str) -> ApiError:
    """A parameter that cannot be read: which, what is wrong, what was expected."""
    return ApiError("bad_parameter", f"{parameter}: {problem}", parameter=parameter)


def bad_value(origin: Origin, raw: object, expected: str) -> ApiError:
    """A value that does not fit the field it is compared with."""
    message = f"{origin.parameter}: {str(raw)[:80]!r} for field {origin.text!r} is not {expected}"
    return ApiError("bad_parameter", message, parameter=origin.parameter, field=origin.text)


def unknown_resource(name: str) -> ApiError:
    """No such resource, or none that this caller may know of. The dialect words it."""
    return ApiError("unknown_resource", f"Resource {name!r} not found", field=name)


def forbidden(action: str, resource: str) -> ApiError:
    """The action is not allowed. The dialect words it; `details` hold the two words."""
    message = f"You may not {action} {resource!r}"
    return ApiError("forbidden", message, field=resource, details={"action": action, "resource": resource})


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with one field of a row: `rule` is a word for programs, `message` one for people.

    `field` is the exact name, of a column of `resource` where that is not the one
    that the request is about. `row` is the row's number in a bulk, `at` where in the body it stood.
    """

    field: str
    message: str
    rule: str
    value: object = None
    row: int | None = None
    at: str = ""
    resource: str = ""


@dataclass(frozen=True)
class Clash:
    """The columns of a unique that a row would break, as `ApiError.details`: those that the caller may read."""

    resource: str
    columns: tuple[str, ...]
    row: int | None = None


@dataclass(frozen=True)
class Mistakes:
    """All that is wrong with rows, of one resource where nothing else is said, as `ApiError.details`."""

    resource: str
    mistakes: tuple[Mistake, ...]


def clashing(message: str, names: Sequence[str]) -> str:
    """A conflict in a sentence, with the fields called `names`."""
    return f"{message} ({', '.join(names)})" if names else message


_MOST_SAID = 20


def said(mistake: Mistake, name: str) -> str:
    """A mistake in a sentence, with the field called `name`."""
    if mistake.rule in ("required", "null"):
        return f"{name} {mistake.message}"
    return f"{name}: {mistake.message}"


def invalid(resource: str, mistakes: Sequence[Mistake]) -> ApiError:
    """Rows that do not satisfy the rules of their resource: all mistakes at once."""
    message = "; ".join(said(mistake, mistake.field) for mistake in mistakes[:_MOST_SAID])
    field = mistakes[0].field if mistakes else ""
    return ApiError("invalid", message, field=field, details=Mistakes(resource, tuple(mistakes)))
