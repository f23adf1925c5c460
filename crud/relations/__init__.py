"""The ways between resources: derived from foreign keys, then as definitions rename, replace and add them.

In: resources without relations, each with its foreign keys and its definition (`Draft`). Out: relations by resource.
Derived names are those of `crud.naming`; what a declared relation says that cannot be is a problem.

Rooms: `drafts` (resources on their way, and what is found so far), `derived` (what foreign keys give), `declared` (what
definitions say).
"""

from collections.abc import Mapping

from crud.definitions.problems import Problem
from crud.relations.declared import add_declared
from crud.relations.derived import add_across, add_to_many, add_to_one
from crud.relations.drafts import Derivation, Draft, Relations


def derive(
    drafts: Mapping[str, Draft], resolve: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Relations], list[Problem]]:
    """The relations of every resource. `resolve`: namespace → written name → exact name."""
    work = Derivation(drafts, {name: {} for name in drafts})
    for draft in drafts.values():
        add_to_one(work, draft)
    for draft in drafts.values():
        add_to_many(work, draft)
    for draft in drafts.values():
        add_across(work, draft)
    for draft in drafts.values():
        add_declared(work, draft, resolve[draft.resource.namespace])
    return work.found, work.problems
