"""What is special about our own resources: a password is kept as a hash, and the role of an account is a link.

In: checked values of a row of accounts. Out: what its table stores, and afterwards the link to the role. Every other
resource passes through untouched. Source: rulings on accounts as resources, docs/security.md.
"""

from crud.definitions.config import canonical_role
from crud.errors import Mistake
from crud.identity import accounts
from crud.identity.passwords import hash_password
from crud.system import ACCOUNTS
from crud.writing.unit import Unit, Values
from sql.catalog import Resource

PASSWORD, ROLE = "password_hash", "role"


def mistakes(unit: Unit, resource: Resource, values: Values, *, at: str, number: int | None) -> list[Mistake]:
    """What is wrong with a row of accounts beyond its types: a role must exist."""
    if resource.name != ACCOUNTS or values.get(ROLE) is None:
        return []
    role = accounts.stored_role(str(values[ROLE]))
    if accounts.role_exists(unit.database, unit.session, role):
        return []
    return [Mistake(ROLE, "is not a role", "enum", values[ROLE], row=number, at=at)]


def stored(resource: Resource, values: dict[str, object]) -> dict[str, object]:
    """The values that the table keeps."""
    if resource.name != ACCOUNTS:
        return values
    kept = {name: value for name, value in values.items() if name != ROLE}
    if kept.get(PASSWORD) is not None:
        kept[PASSWORD] = hash_password(str(kept[PASSWORD]))
    return kept


def settle(unit: Unit, resource: Resource, values: Values, *, key: Values) -> None:
    """Link an account to the role that was written into it, in place of those that it had."""
    if resource.name != ACCOUNTS or ROLE not in values:
        return
    account = str(key["id"])
    accounts.withdraw(unit.database, unit.session, account=account)
    if values[ROLE] is not None:
        role = accounts.stored_role(canonical_role(str(values[ROLE])))
        accounts.grant(unit.database, unit.session, account=account, role=role, tenant=None)
