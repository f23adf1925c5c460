"""What is special about our own resources: a password is kept as a hash, and the role of an account is a link.

In: checked values of a row of accounts. Out: what its table stores, and afterwards the link to the role, with all that
follows from the row (`crud.writing.consequences`). Every other resource passes through untouched.
"""

from crud.definitions.config import canonical_role
from crud.errors import Mistake
from crud.identity import accounts
from crud.identity.passwords import hash_password
from crud.system import ACCOUNTS, ROLES
from crud.writing import consequences
from crud.writing.unit import Unit, Values
from sql.catalog import Resource

PASSWORD, ROLE = "password_hash", "role"


def mistakes(unit: Unit, resource: Resource, values: Values, *, at: str, number: int | None) -> list[Mistake]:
    """What is wrong with a row of accounts beyond its types: a role must exist. A role has one stored name."""
    if resource.name == ROLES and values.get("name") in accounts.STORED_ROLES:
        message = f"is another name of {accounts.STORED_ROLES[str(values['name'])]}"
        return [Mistake("name", message, "reserved", values["name"], row=number, at=at)]
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
    """Link an account to the role that was written into it, in place of those that it had; do what follows."""
    changes = _changes(unit, values, key) if resource.name == ACCOUNTS else values
    consequences.settle(unit, resource, changes, key=key)
    if resource.name != ACCOUNTS or ROLE not in changes:
        return
    account = str(key["id"])
    accounts.withdraw(unit.database, unit.session, account=account)
    if changes[ROLE] is not None:
        role = accounts.stored_role(canonical_role(str(changes[ROLE])))
        accounts.grant(unit.database, unit.session, account=account, role=role, tenant=None)


def _changes(unit: Unit, values: Values, key: Values) -> Values:
    """Clients send whole rows back: the role that the account shows already is no change of its roles."""
    if ROLE not in values:
        return values
    shown = accounts.leading_role(unit.database, unit.session, account=str(key["id"]))
    wanted = values[ROLE] if values[ROLE] is None else canonical_role(str(values[ROLE]))
    return {name: value for name, value in values.items() if name != ROLE or shown != wanted}
