"""Who asks: an account's id, roles and tenant, and what narrows them.

In: what a token or an API key proved. Out: `Actor`, frozen; `ANONYMOUS` where nobody is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crud.definitions.declared import NOTHING


@dataclass(frozen=True)
class Actor:
    """The caller. `roles` are canonical (`admin`, `anon` …); `account` is its row, for `$CURRENT_USER.field`.

    `scopes`: what an API key is good for; None is everything that the roles allow. `session`: the one of its token.
    """

    id: str | None = None
    roles: frozenset[str] = frozenset({"anon"})
    tenant: str | None = None
    account: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)
    claims: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)
    scopes: frozenset[str] | None = None
    session: str | None = None

    @property
    def admin(self) -> bool:
        """Whether the caller may do everything."""
        return self.wholly("admin")

    def wholly(self, *roles: str) -> bool:
        """Whether the caller has one of these roles, and no scope narrows what it gives."""
        return not self.roles.isdisjoint(roles) and (self.scopes is None or "*" in self.scopes)

    @property
    def kind(self) -> tuple[object, ...]:
        """What decides over the rights of a caller: two of one kind may do the same, each with his own rows."""
        return self.roles, self.tenant is None, self.scopes

    @property
    def values(self) -> Mapping[str, object]:
        """What `ActorValue`s are bound to."""
        return {**self.account, "id": self.id, "tenant": self.tenant}


ANONYMOUS = Actor()
