"""Who is calling, as Baasix tells him: his account, his role, what he may do, his tenant.

In: the context of a request. Out: JSON. What he may do is asked of the rules that are in force, wherever they are
written, so that it names nothing that is hidden from him.
"""

from collections.abc import Iterator
from itertools import product

from crud import service
from crud.access.permissions import gate_for
from crud.access.together import Access
from crud.auth.memberships import role_of, tenant_of
from crud.dialects.baasix.reading import grammar, parse_one
from crud.identity.sessions import CONFIGURED
from crud.presentation import View
from crud.system import ACCOUNTS
from crud.web.dialect import context, presentation
from crud.wire.params import Reader
from sql.catalog import Resource

ACTIONS = ("create", "read", "update", "delete")
KNOWN = ("id", "email", "first_name", "last_name", "name", "phone")
Row = dict[str, object]


def profile() -> Row:
    """The caller, his role, his rights, his tenant."""
    snapshot, actor = context().snapshot, context().actor
    return {
        "user": user_of(),
        "role": role_of(snapshot, actor.roles),
        "permissions": rights(),
        "tenant": tenant_of(snapshot, actor.tenant),
    }


def user_of() -> Row:
    """What he gave when he registered, and what else of his own row the rules show him."""
    actor = context().actor
    view = presentation("baasix").views[ACCOUNTS]
    known = {name: actor.account.get(name) for name in KNOWN} | {"id": actor.id}
    return {**view.renamed(known), **_own_row(view.resource)}


def _own_row(resource: Resource) -> Row:
    actor = context().actor
    gate = gate_for(context().snapshot.policy, context().snapshot.catalog, actor)
    configured = not actor.account or str(actor.id).startswith(CONFIGURED)
    if configured or not gate.access(resource).allowed:
        return {}
    rows = service.read(context(), parse_one(grammar(), resource, Reader(()), key=str(actor.id))).rows
    return rows[0] if rows else {}


def rights() -> list[Row]:
    """What he may do with which collection, and in which fields. Which rows it concerns is not told."""
    key = ("rights", context().actor.kind)
    return context().snapshot.compiled.get(key, lambda: list(_rights()))  # type: ignore[return-value]


def _rights() -> Iterator[Row]:
    snapshot, names = context().snapshot, presentation("baasix")
    gate = gate_for(snapshot.policy, snapshot.catalog, context().actor)
    for resource, action in product(snapshot.catalog, ACTIONS):
        access = gate.granted(resource, action)
        if access.allowed and (action == "read" or resource.writable):
            fields = _fields(names.view(resource), access, action)
            yield {"collection": names.name(resource), "action": action, "fields": fields}


def _fields(view: View, access: Access, action: str) -> list[str]:
    """The names of fields, or `*` for all that there are."""
    there = view.columns if action == "read" else view.inputs
    named = sorted(name for name, column in there.items() if column.name in access.shown)
    return ["*"] if action == "delete" or len(named) == len(there) else named
