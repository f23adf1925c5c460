"""What a write to our own tables brings with it, in the same transaction: sessions end, rules are read again.

In: a granted command on accounts, roles, links, tenants or permissions, before and after it is carried out. Out:
revoked sessions, a unit that renews the rules when it ends, or a refusal: of a rule that does not fit what is served,
of a role that always exists, of the last administrator. All other resources pass by. Constant SQL.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crud.access import grants
from crud.access.always import ADMIN
from crud.access.grants import Granted
from crud.definitions.config import canonical_role
from crud.errors import ApiError, Mistake, invalid
from crud.ground import ground_of
from crud.identity import sessions
from crud.identity.accounts import ADMINISTRATORS, sql_for
from crud.stored_rules import mistakes, read_entry
from crud.system import ACCOUNTS, PERMISSIONS, ROLES, TENANTS, USER_ROLES
from crud.writing import statements
from crud.writing.unit import Unit, Values, keyed
from sql.catalog import Resource
from sql.commands import Delete, Update, UpdateFirst

LASTING = frozenset({"administrator", "user", "public"})
NO_ADMINISTRATOR = "There would be no administrator left who can sign in"
# resource → the columns on which signing in hangs; None: all of them
SIGNING: Mapping[str, frozenset[str] | None] = MappingProxyType(
    {
        ACCOUNTS: frozenset({"password_hash", "is_active", "role"}),
        ROLES: frozenset({"name"}),
        USER_ROLES: None,
        TENANTS: frozenset(),
    }
)
# rows → the accounts whose roles hang on them
_HOLDERS: Mapping[str, str] = MappingProxyType(
    {
        ROLES: "SELECT user_id FROM _dragoman_user_roles WHERE role_id = ?",
        USER_ROLES: "SELECT user_id FROM _dragoman_user_roles WHERE id = ?",
        TENANTS: "SELECT user_id FROM _dragoman_user_roles WHERE tenant_id = ?",
    }
)
_ADMINISTERED = f"{ADMINISTRATORS} AND l.tenant_id IS NULL AND u.is_active = ? LIMIT 1"
_ROLE = "SELECT name FROM _dragoman_roles WHERE id = ?"
_ROLE_OF_LINK = (
    "SELECT r.name, l.user_id FROM _dragoman_user_roles l JOIN _dragoman_roles r ON r.id = l.role_id WHERE l.id = ?"
)


@dataclass(frozen=True)
class Before:
    """What there was: whose sessions end, whether there was an administrator who can sign in."""

    accounts: frozenset[str] = frozenset()
    administered: bool = False


def before(unit: Unit, granted: Granted) -> Before:
    """What a command is about to change. Raises ApiError (conflict) for roles that always exist."""
    name = granted.resource.name
    if name not in SIGNING or not _touches(unit, granted):
        return Before()
    unit.session.lock("administrators")
    keys: list[Values] = [*_keys(unit, granted)]
    if name == ROLES:
        keys = [*_renamed(unit, granted, keys)]
    holders = _HOLDERS.get(name)
    accounts = {account for key in keys for account in _texts(unit, holders, key["id"])} if holders else set()
    return Before(frozenset(accounts), _administered(unit))


def _touches(unit: Unit, granted: Granted) -> bool:
    """Whether the command changes what signing in hangs on. What a hook will do is not known."""
    name = granted.resource.name
    match granted.command:
        case Delete():
            return True
        case Update(changes=changes) | UpdateFirst(changes=changes):
            columns = SIGNING[name]
            hooked = unit.context.snapshot.hooks.any(name, "before_update")
            return columns is None or hooked or bool(columns & changes.keys())
        case _:
            return False


def after(unit: Unit, resource: Resource, found: Before) -> None:
    """End the sessions, and have the rules read again. Raises ApiError (conflict) where nobody could administer."""
    if resource.name in (PERMISSIONS, ROLES):
        unit.renews = True
    _end(unit, found.accounts)
    if found.administered and not _administered(unit) and not _configured(unit):
        raise ApiError("kept", NO_ADMINISTRATOR)


def settle(unit: Unit, resource: Resource, values: Values, *, key: Values) -> None:
    """What follows from one row that was written. Raises ApiError: the row is undone."""
    match resource.name:
        case name if name == ACCOUNTS:
            _account(unit, values, str(key["id"]))
        case name if name == USER_ROLES:
            _link(unit, str(key["id"]))
        case name if name == PERMISSIONS:
            unit.renews = True
            _permission(unit, resource, str(key["id"]))
        case name if name == ROLES:
            unit.renews = True


def _account(unit: Unit, values: Values, account: str) -> None:
    """A new password, a new role and an end of use end what was signed in."""
    if "role" in values and values["role"] is not None and canonical_role(str(values["role"])) == ADMIN:
        _only_administrators(unit)
    if "password_hash" in values or "role" in values or values.get("is_active") is False:
        _end(unit, [account])


def _link(unit: Unit, id: str) -> None:
    """Who gets or loses a role signs in again. Nobody but an administrator makes one."""
    for role, account in unit.session.fetch(sql_for(unit.database, _ROLE_OF_LINK), (id,)):
        if canonical_role(str(role)) == ADMIN:
            _only_administrators(unit)
        _end(unit, [str(account)])


def _end(unit: Unit, accounts: Iterable[str]) -> None:
    """Every session of these accounts is over once the transaction is kept."""
    for account in accounts:
        sessions.revoke_account(unit.database, unit.session, account)


def _only_administrators(unit: Unit) -> None:
    if not unit.context.actor.admin:
        raise ApiError("forbidden", "Only an administrator can make an administrator")


def _permission(unit: Unit, resource: Resource, id: str) -> None:
    """A rule that does not fit what is served would give nothing, or deny everything: it is refused."""
    entry = read_entry(unit.database, unit.session, id)
    wrong = [Mistake(column, message, "rule") for column, message in mistakes(entry, ground_of(unit.context.snapshot))]
    if wrong:
        raise invalid(resource.name, wrong)


# ---------------------------------------------------------------- what there is


def _keys(unit: Unit, granted: Granted) -> list[dict[str, object]]:
    """The keys of the rows that the command finds, kept from others."""
    change = grants.finding(granted, granted.resource.key)
    found = statements.touch(unit, change, getattr(granted.command, "values", ()))
    return [keyed(granted.resource, raw) for raw in found]


def _renamed(unit: Unit, granted: Granted, keys: Iterable[Values]) -> Iterator[Values]:
    """The roles that get another name, or none. Those that rules and sign-in name stay."""
    wanted = None if isinstance(granted.command, Delete) else getattr(granted.command, "changes", {}).get("name")
    for key in keys:
        (name,) = _texts(unit, _ROLE, key["id"])
        if name != wanted:
            if name in LASTING:
                raise ApiError("kept", f"The role {name} always exists")
            yield key


def _texts(unit: Unit, text: str, id: object) -> list[str]:
    return [str(value) for (value,) in unit.session.fetch(sql_for(unit.database, text), (id,))]


def _administered(unit: Unit) -> bool:
    return bool(unit.session.fetch(sql_for(unit.database, _ADMINISTERED), (True,)))


def _configured(unit: Unit) -> bool:
    """Whether an administrator is written in the configuration, where no write reaches."""
    return any(ADMIN in user.roles for user in unit.context.snapshot.config.users.values())
