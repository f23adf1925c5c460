"""A plan as people and programs read it.

In: a `Plan`. Out: text, or data for JSON: what changes at each table, its SQL, what is lost, what somebody else did.
"""

from collections.abc import Iterator

from crud.evolution.records import Where
from crud.evolution.steps import Drifted, Plan, Step
from sql.catalog import Table

LOSES = "LOSES DATA: "
_TITLES = {
    "create": "create {}",
    "change": "change {}",
    "adopt": "record {}: it is as its definition wants it",
    "extend": "add to {}, which was there before",
    "drop": "drop {}",
}


def text(plan: Plan, statements: tuple[tuple[str, str], ...] = ()) -> str:
    """The plan in lines. `statements`: the SQL that would run, with the source of each."""
    lines = [line for step in plan.steps for line in _step(step)]
    lines += _sql(statements)
    lines += [line for drifted in plan.drifted for line in _drifted(drifted)]
    lines += [
        f"{_place(place)} is in no definition any more: flask db apply --drop drops it" for place in plan.undefined
    ]
    return "\n".join(lines)


def _step(step: Step) -> Iterator[str]:
    if step.silent and step.kind != "adopt":
        return
    yield _TITLES[step.kind].format(_place((step.source, step.table)))
    for difference in step.differences:
        yield f"  {LOSES if difference.loses else ''}{difference.words}"


def _sql(statements: tuple[tuple[str, str], ...]) -> Iterator[str]:
    source = ""
    for where, statement in statements:
        if where != source:
            yield f"-- in the source {where}"
            source = where
        yield f"{statement};"


def _drifted(drifted: Drifted) -> Iterator[str]:
    yield f"{_place((drifted.source, drifted.table))} is not as it was made:"
    yield from (f"  {words}" for words in drifted.words)


def _place(place: Where) -> str:
    return f"{place[0]}: {_named(place[1])}"


def _named(table: Table) -> str:
    return f"{table.schema}.{table.name}" if table.schema else table.name


def data(plan: Plan, statements: tuple[tuple[str, str], ...] = ()) -> dict[str, object]:
    """The plan as JSON."""
    return {
        "loses": plan.loses,
        "steps": [_step_data(step) for step in plan.steps if not step.silent or step.kind == "adopt"],
        "statements": [{"source": source, "sql": sql} for source, sql in statements],
        "drift": [
            {"source": each.source, "table": _named(each.table), "differences": list(each.words)}
            for each in plan.drifted
        ],
        "undefined": [{"source": source, "table": _named(table)} for source, table in plan.undefined],
    }


def _step_data(step: Step) -> dict[str, object]:
    changes = [{"kind": each.kind, "words": each.words, "loses": each.loses} for each in step.differences]
    return {
        "action": step.kind,
        "source": step.source,
        "table": _named(step.table),
        "loses": step.loses,
        "changes": changes,
    }
