"""An account of one's own: a POST to SonicJS's users by somebody who may not create accounts, where all may register.

In: `{"data": {"email": …, "password": …, …}}`. Out: the new account as its owner may read it. No role, tenant, key or
stamp can be asked for: they are fields that cannot be set.
"""

from collections.abc import Iterator, Mapping

from crud.dialects.sonicjs.bodies import data_of
from crud.dialects.sonicjs.mounts import Row
from crud.dialects.sonicjs.signing import user_of
from crud.doors import New, register
from crud.errors import Mistake, invalid
from crud.identity.brakes import knock
from crud.system import ACCOUNTS
from crud.web.dialect import context, presentation, reader
from crud.web.doorway import posted
from crud.web.request import settable
from crud.wire.bodies import row_of
from sql.errors import UnknownResource

REQUIRED = ("email", "password_hash")
OPTIONAL = ("name", "first_name", "last_name", "phone")
MOST = 320


def registers(table: str) -> bool:
    """Whether a POST to this table is a registration."""
    if context().snapshot.config.auth.registration != "open":
        return False
    try:
        resource = presentation("sonicjs").resource(table)
    except UnknownResource:
        return False
    return resource.name == ACCOUNTS and not settable(resource, "create")


def registered() -> Row:
    """A new account, as it may read itself. Its session is nobody's: whoever wants one signs in."""
    knock("register")
    reader().finish()
    return user_of(register(context().snapshot, parse_new(data_of(posted()))))


def parse_new(data: Row) -> New:
    """Who an account shall be for. Raises ApiError (unknown_field, invalid)."""
    view = presentation("sonicjs").views[ACCOUNTS]
    columns = {name: view.resource.columns[name] for name in (*REQUIRED, *OPTIONAL)}
    row = row_of(view, columns, data, drop_unknown=False, at="data").row
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    if found := list(mistakes(row, texts)):
        raise invalid(ACCOUNTS, found)
    return New(texts.pop("email"), texts.pop("password_hash"), **texts)


def mistakes(row: Row, texts: Mapping[str, str]) -> Iterator[Mistake]:
    """What is wrong with the members of a registration before anything is asked of the password."""
    for name in REQUIRED:
        if row.get(name) is None:
            yield Mistake(name, "is required", "required")
    for name, value in row.items():
        if value is not None and name not in texts:
            yield Mistake(name, "Expected a text", "type")
        if name in OPTIONAL and len(texts.get(name, "")) > MOST:
            yield Mistake(name, f"must have at most {MOST} characters", "max_length")
