"""What is special about our own resources: a password is kept as a hash, and the role of an account is a link.

In: checked values of a row of accounts. Out: what its table stores, and afterwards the link to the role, with all that
follows from the row (`crud.writing.consequences`). Every other resource passes through untouched.
"""

from dataclasses import replace

from crud.definitions.config import canonical_role
from crud.errors import Mistake
from crud.identity import accounts, passwords
from crud.system import ACCOUNTS, ROLES
from crud.writing import consequences
from crud.writing.unit import Unit, Values
from sql.catalog import Resource

PASSWORD, ROLE = "password_hash", "role"


def mistakes(unit: Unit, resource: Resource, values: Values, *, at: str, number: int | None) -> list[Mistake]:
    """What is wrong with a row beyond its types: roles must exist and have one stored name, passwords be good."""
    match resource.name:
        case name if name == ROLES:
            found = _of_role(values)
        case name if name == ACCOUNTS:
            found = [*_of_password(unit, values), *_of_account(unit, values)]
        case _:
            return []
    return [replace(mistake, row=number, at=at) for mistake in found]


def _of_role(values: Values) -> list[Mistake]:
    stored = accounts.STORED_ROLES.get(str(values.get("name")))
    return [] if stored is None else [Mistake("name", f"is another name of {stored}", "reserved", values["name"])]


def _of_password(unit: Unit, values: Values) -> list[Mistake]:
    if values.get(PASSWORD) is None:
        return []
    email = None if values.get("email") is None else str(values["email"])
    return passwords.mistakes(str(values[PASSWORD]), unit.context.snapshot.config.auth.passwords, email=email)


def _of_account(unit: Unit, values: Values) -> list[Mistake]:
    if values.get(ROLE) is None:
        return []
    role = accounts.stored_role(str(values[ROLE]))
    exists = accounts.role_exists(unit.database, unit.session, role)
    return [] if exists else [Mistake(ROLE, "is not a role", "enum", values[ROLE])]


def stored(resource: Resource, values: dict[str, object]) -> dict[str, object]:
    """The values that the table keeps."""
    if resource.name != ACCOUNTS:
        return values
    kept = {name: value for name, value in values.items() if name != ROLE}
    if kept.get(PASSWORD) is not None:
        kept[PASSWORD] = passwords.hash_password(str(kept[PASSWORD]))
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
