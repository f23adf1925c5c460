"""Users of the configuration: people without an account.

In: a `Config`. Out: them as `Account`s, whose id says what they are.
"""

from types import MappingProxyType

from crud.definitions.config import Config
from crud.identity.accounts import Account
from crud.identity.sessions import CONFIGURED


def account_named(config: Config, name: str) -> Account | None:
    """The user of this name."""
    user = config.users.get(name)
    if user is None:
        return None
    row = MappingProxyType({"name": name})
    return Account(f"{CONFIGURED}{name}", None, name, None, True, None, frozenset(user.roles), row)


def account_of(config: Config, subject: str) -> Account | None:
    """The user that a session names."""
    return account_named(config, subject.removeprefix(CONFIGURED)) if subject.startswith(CONFIGURED) else None
