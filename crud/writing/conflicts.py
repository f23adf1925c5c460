"""What the database's refusals mean to a caller, in words that name the field and nothing that he may not know.

In: an error of `sql` out of a statement of a command. Out: an `ApiError`. No text of the database leaves here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from crud.access.grants import Granted
from crud.errors import ApiError, Clash, Mistake, invalid
from crud.writing.unit import Unit
from sql.errors import BadValue, CheckViolation, ForeignKeyViolation, NotNullViolation, OutOfRange, UniqueViolation


@contextmanager
def told(unit: Unit, granted: Granted) -> Iterator[None]:
    """Whatever a statement of the block breaks is told in the caller's words."""
    resource = granted.resource
    try:
        yield
    except UniqueViolation as error:
        raise _unique(unit, granted, error.columns) from error
    except ForeignKeyViolation as error:
        raise dangling() from error
    except NotNullViolation as error:
        field = error.column if error.column in resource.columns else ""
        raise invalid(resource.name, [Mistake(field, "cannot be null", "null", at=granted.command.at)]) from error
    except (CheckViolation, OutOfRange, BadValue) as error:
        text = f"A value is not {error.expected}" if isinstance(error, BadValue) else "A value does not fit its column"
        raise ApiError("invalid", text) from error


def dangling() -> ApiError:
    """The refusal of a foreign key, whatever is wrong with it."""
    return ApiError("conflict", "The row refers to a missing row, or others refer to it")


def _unique(unit: Unit, granted: Granted, columns: tuple[str, ...]) -> ApiError:
    """Which fields clash is told to those who may read them."""
    readable = unit.gate.access(granted.resource).columns
    said = tuple(name for name in columns if name != granted.resource.tenant) or columns
    known = said if set(said) <= readable else ()
    clash = Clash(granted.resource.name, known)
    return ApiError("conflict", "A row with this value exists already", details=clash)
