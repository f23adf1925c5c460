"""The audit: which resources keep one, and the statement that writes its rows.

In: a configuration and the resources that there are; later, what was changed (`Entry`) in an open transaction.
Out: the resources with their `audit`, or problems; rows of `_dragoman_audit`. Entries travel as one JSON parameter, so
that any number of them is one statement and no text of theirs can be taken for another row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from crud import system
from crud.definitions.config import Config
from crud.definitions.declared import Audit
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.identity.accounts import sql_for, written_time
from crud.jsontext import json_bytes
from sql.catalog import Resource
from sql.database import Database, Session

Action = Literal["create", "update", "delete", "restore", "prune"]
ORDER = ("action", "resource", "key", "columns", "old", "new")
_INTO = (
    'INSERT INTO _dragoman_audit ("at", "actor", "tenant", "request_id", '
    '"action", "resource", "key", "columns", "old", "new") SELECT '
)
INSERT: Mapping[str, str] = MappingProxyType(
    {
        "sqlite": f"{_INTO}?, ?, ?, ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
        "json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]'), "
        "json_extract(value, '$[5]') FROM json_each(?) ORDER BY json_each.key",
        "postgres": f"{_INTO}%s::timestamptz, %s, %s, %s, e->>0, e->>1, (e->>2)::jsonb, (e->>3)::jsonb, "
        "(e->>4)::jsonb, (e->>5)::jsonb FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS entries (e, number) "
        "ORDER BY number",
    }
)
DELETE = "DELETE FROM _dragoman_audit WHERE id IN (SELECT id FROM _dragoman_audit WHERE at < ? ORDER BY id LIMIT 10000)"


@dataclass(frozen=True)
class Entry:
    """One changed row. `old` and `new` are the values of `columns`, where the resource keeps them."""

    action: Action
    resource: str
    key: Mapping[str, object]
    columns: tuple[str, ...]
    old: Mapping[str, object] | None = None
    new: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Author:
    """Who changed something: an account's id, whose tenant, in which request, when."""

    actor: str | None
    tenant: str | None
    request_id: str
    at: datetime


def keep(database: Database, session: Session, entries: Sequence[Entry], author: Author) -> None:
    """Write entries in the transaction that changed what they tell of."""
    listed = json_bytes([[_cell(each, name) for name in ORDER] for each in entries]).decode()
    values = (written_time(author.at), author.actor, author.tenant, author.request_id or None, listed)
    session.execute(INSERT[database.backend.name], values)


def _cell(entry: Entry, name: str) -> object:
    """A text; what is more than a text is the text of its JSON."""
    held = getattr(entry, name)
    return held if held is None or isinstance(held, str) else json_bytes(held).decode()


def prune(database: Database, before: datetime) -> int:
    """Forget entries older than this, in transactions that end soon, and keep an entry that says so; how many."""
    gone = 0
    while found := _forget(database, before):
        gone += found
    with database.transaction() as session:
        entry = Entry("prune", "system.audit", {"before": written_time(before), "rows": gone}, ())
        keep(database, session, [entry], Author(None, None, "", datetime.now(UTC)))
    return gone


def _forget(database: Database, before: datetime) -> int:
    with database.transaction() as session:
        return session.execute(sql_for(database, DELETE), (written_time(before),))


# ---------------------------------------------------------------- which resources


def audits(
    config: Config,
    resources: Mapping[str, Resource],
    declared: Mapping[str, tuple[Audit, Place]],
    *,
    names: Mapping[str, str],
) -> tuple[dict[str, Audit], list[Problem]]:
    """What is kept of which resource, and what is wrong with what was asked. `declared`: what entities say."""
    wanted = {name: said for name, said in declared.items() if said[0]}
    problems: list[Problem] = []
    for written, kept in config.audit.items():
        place = config.place / "audit" / written
        exact = names.get(written, written)
        if exact in resources:
            wanted[resources[exact].home] = (kept, place)
        else:
            problems.append(Problem(f"there is no resource {written!r}", place, tuple(_offered(resources.values()))))
    for name, (kept, place) in wanted.items():
        problems += _unfit(config, resources[name], place) if kept else ()
    return _complete({name: kept for name, (kept, _) in wanted.items()}), problems


def _offered(resources: Iterable[Resource]) -> Iterator[str]:
    yield from sorted(each.name for each in resources if not each.system)
    yield from system.WORDS


def _unfit(config: Config, resource: Resource, place: Place) -> Iterator[Problem]:
    ours = config.server.system
    if resource.source != ours:
        message = f"{resource.name} is in the source {resource.source!r}; an audit is kept with the change, and so "
        yield Problem(f"{message}only of what is in the source of our own tables, {ours!r}", place)
    if not resource.key:
        yield Problem(f"{resource.name} has no key: its rows cannot be told apart", place)
    if resource.name == system.AUDIT:
        yield Problem("the audit itself is written by nobody else", place)


def _complete(found: dict[str, Audit]) -> dict[str, Audit]:
    """A role can be given by a link or as a column of the account: who wants to know of one is told of both."""
    for here, there in ((system.USER_ROLES, system.ACCOUNTS), (system.ACCOUNTS, system.USER_ROLES)):
        if found.get(here) and not found.get(there):
            found[there] = "names"
    return found
