"""Who may do what and why, as it is asked at a terminal or over HTTP.

In: a snapshot, a caller as he is written (an e-mail or id, a configured user, `anon`, or roles), a resource, an action.
Out: `Answer`: the explanation with the SQL that would be run, as JSON data or as lines of text. In the SQL every
parameter is a symbol: what rules compare with stays where it was written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from crud import reading
from crud.access import grants
from crud.access.actor import ANONYMOUS, Actor
from crud.access.explaining import Explanation, Line, explain
from crud.access.permissions import Gate, authorize, gate_for, in_scope, narrowed
from crud.access.planned import Hidden
from crud.access.wording import words
from crud.definitions.config import canonical_role
from crud.errors import ApiError, bad_parameter
from crud.identity import accounts
from crud.snapshots.state import Context, Snapshot
from crud.symbols import MARK, symbolic, symbols
from sql.catalog import Resource
from sql.expressions import FALSE, Filter, Path
from sql.query import Query, Select

ACTIONS = ("read", "create", "update", "delete")
UNSAID = "a condition on what you may not read"


@dataclass(frozen=True)
class Answer:
    """An explanation for an actor. `sql` selects the rows that the action may touch (for `create`: may make)."""

    actor: Actor
    explanation: Explanation
    sql: str | None


def answer(snapshot: Snapshot, actor: Actor, resource: Resource, action: str) -> Answer:
    """What an actor may do with a resource, and why. Raises ApiError (bad_parameter)."""
    if action not in ACTIONS:
        raise bad_parameter("action", f"{action[:40]!r} is not one of {', '.join(ACTIONS)}")
    found = explain(snapshot.policy, resource, actor.roles, action, tenantless=actor.tenant is None)
    if not in_scope(actor.scopes, resource, action):
        refused = "refused: the scopes of the API key do not cover it"
        found = replace(found, allowed=False, verdict=refused, columns=(), withheld=(), added=(), defaults=())
    return Answer(actor, found, _sql(Context(snapshot, actor), resource, found) if found.allowed else None)


# ---------------------------------------------------------------- who


def actor_named(snapshot: Snapshot, written: str) -> Actor:
    """The actor of an account's id or e-mail, of a configured user, or of nobody. Raises ApiError (bad_parameter)."""
    if canonical_role(written) == "anon":
        return ANONYMOUS
    if user := snapshot.config.users.get(written):
        return Actor(f"config:{user.name}", frozenset(user.roles))
    extras = tuple(each.name for each in snapshot.config.accounts.fields)
    known = accounts.find_account_by_email(snapshot.system, written)
    account = accounts.load_account(snapshot.system, known.id if known else written, extras=extras)
    if account is None:
        raise bad_parameter("as", f"there is no account {written[:100]!r}")
    return Actor(account.id, account.roles, account.tenant, account.row)


def actor_of_roles(roles: Iterable[str]) -> Actor:
    """Somebody who has these roles, and no account."""
    return Actor(roles=frozenset(map(canonical_role, roles)))


def is_himself(actor: Actor, written: str) -> bool:
    """Whether a caller means himself."""
    if actor.id is None:
        return canonical_role(written) == "anon"
    email = actor.account.get("email")
    return written == actor.id or (isinstance(email, str) and written.lower() == email.lower())


# ---------------------------------------------------------------- SQL


def _sql(context: Context, resource: Resource, found: Explanation) -> str:
    snapshot = context.snapshot
    gate = gate_for(snapshot.policy, snapshot.catalog, context.actor)
    if found.action == "read":
        selected = tuple(Select(Path(name), name) for name in found.columns)
        authorized = authorize(Query(resource.name, select=selected), gate)
    else:
        authorized = grants.reachable(resource, gate, found.action)
    statement = reading.printed(context, authorized)
    return symbolic(statement, MARK[snapshot.database(resource.source).backend.name], symbols(statement.binders))


# ---------------------------------------------------------------- as data and as text


@dataclass(frozen=True)
class Sayer:
    """What is said of conditions: everything, or to a caller about himself only what he may know."""

    gate: Gate | None = None
    resource: Resource | None = field(default=None)

    def beyond(self, relation: str, where: Filter) -> str:
        """A condition on the rows that are reached over a relation."""
        if self.gate is None or self.resource is None:
            return words(where)
        there = self.gate.catalog.target(self.resource.relation(relation))
        known = self.gate.leads(self.resource, self.resource.relation(relation))
        return replace(self, resource=there).rows(where) if known else UNSAID

    def rows(self, where: Filter) -> str:
        """A condition in words."""
        if self.gate is None or self.resource is None:
            return words(where)
        try:
            narrowed(where, self.resource, self.gate)
        except (ApiError, Hidden):
            return UNSAID
        return words(where)


def data(found: Answer) -> dict[str, object]:
    """An answer as JSON data, for administrators."""
    said = found.explanation
    return {
        **_data(found, Sayer()),
        "withheld": [{"field": name, "why": why} for name, why in said.withheld],
        "sql": found.sql,
    }


def data_for_himself(snapshot: Snapshot, found: Answer, resource: Resource) -> dict[str, object]:
    """The same for the caller that it is about: nothing of columns and rows that he may not know of, no SQL."""
    return _data(found, Sayer(gate_for(snapshot.policy, snapshot.catalog, found.actor), resource))


def _data(found: Answer, say: Sayer) -> dict[str, object]:
    said, actor = found.explanation, found.actor
    return {
        "as": {"id": actor.id, "roles": list(said.roles), "tenant": actor.tenant},
        "resource": said.resource,
        "action": said.action,
        "allowed": said.allowed,
        "verdict": said.verdict,
        "fields": list(said.columns),
        "rows": say.rows(_rows(said)),
        "rules": [_rule(line, said, say) for line in said.lines],
        "related": {name: say.beyond(name, where) for name, where in said.related},
        "added": [{"why": each.why, "rows": say.rows(each.where)} for each in said.added],
        "defaults": [name for name in said.defaults if say.gate is None or name in said.columns],
    }


def _rows(said: Explanation) -> Filter:
    """Which rows may be touched; for `create`, what a new row must be."""
    if not said.allowed:
        return FALSE
    return said.rows if said.action == "create" else said.where


def _rule(line: Line, said: Explanation, say: Sayer) -> dict[str, object]:
    known = line.fields if say.gate is None else tuple(name for name in line.fields or () if name in said.columns)
    return {
        "role": line.role,
        "place": line.place if say.gate is None else PurePath(line.place).name,
        "effect": "allow" if line.allow else "deny",
        "resource": line.about,
        "fields": None if line.fields is None else list(known or ()),
        "rows": say.rows(line.rows),
        "applies": line.standing == "applies",
        "why": line.why,
    }


def text(found: Answer) -> Iterator[str]:
    """An answer as lines."""
    said, actor = found.explanation, found.actor
    yield f"{said.action} {said.resource} as {actor.id or 'nobody'} ({', '.join(said.roles) or 'no role'})"
    yield said.verdict
    if said.lines:
        yield "rules:"
    for line in said.lines:
        yield f"  {_line(line)}"
    for each in said.added:
        yield f"added ({each.why}): {words(each.where)}"
    if said.allowed:
        yield from _granted(found)


def _line(line: Line) -> str:
    what = "every field" if line.fields is None else ", ".join(line.fields) or "no field"
    effect = f"allows {what}" if line.allow else "denies the row" if line.fields is None else f"denies {what}"
    end = f" [does not apply: {line.why}]" if line.why else ""
    return f"{line.place} {line.role} {effect} where {words(line.rows)}{end}"


def _granted(found: Answer) -> Iterator[str]:
    said = found.explanation
    if said.action != "delete":
        yield f"fields: {', '.join(said.columns) or 'none'}"
    for name, why in said.withheld:
        yield f"  not {name}: {why}"
    yield f"rows: {words(_rows(said))}"
    for name, where in said.related:
        yield f"  over {name}: {words(where)}"
    yield f"sql: {found.sql}"
