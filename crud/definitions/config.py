"""A whole configuration as one frozen value: the result of reading and checking, the input of everything else.

In: nothing; `crud.definitions.reading` makes it out of checked data. Out: `Config`. Its parts are in `settings`,
`identity` and `declared`; all have defaults, so that tests and `config_for_database` can make small ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crud.definitions.declared import Audit, HookDefinition, ResourceDefinition, RuleDefinition, SchemaDefinition
from crud.definitions.identity import Auth, User
from crud.definitions.place import NOWHERE, Place
from crud.definitions.settings import DIALECTS, CacheSettings, DialectConfig, Limits, Server, Source, Telemetry


@dataclass(frozen=True)
class Config:
    """A whole configuration. `roles` is canonical role → actions; `schemas` include the undeclared default one."""

    file: str = ""
    server: Server = Server()
    auth: Auth = Auth()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    schemas: Mapping[str, SchemaDefinition] = field(default_factory=dict)
    accounts: ResourceDefinition = ResourceDefinition("accounts")
    rules: tuple[RuleDefinition, ...] = ()
    audit: Mapping[str, Audit] = field(default_factory=dict)
    hooks: tuple[HookDefinition, ...] = ()
    plans: Mapping[str, Mapping[str, tuple[Mapping[str, object], ...]]] = field(default_factory=dict)
    dialects: Mapping[str, DialectConfig] = field(default_factory=lambda: {name: DialectConfig() for name in DIALECTS})
    limits: Limits = Limits()
    cache: CacheSettings = CacheSettings()
    telemetry: Telemetry = Telemetry()
    metadata: Path | None = None
    sample: Path | None = None
    place: Place = NOWHERE

    def dialect(self, name: str) -> DialectConfig:
        """The settings of a dialect; one that nobody configured is on at its default mounts."""
        return self.dialects.get(name, DialectConfig())


def canonical_role(role: str) -> str:
    """`administrator` and `admin` are one role, `public` and `anon` are one."""
    return {"administrator": "admin", "public": "anon"}.get(role, role)
