"""A read laid open: what was asked, what of it this caller may ask, its statements, and how the database would go about
them.

In: a `Context` and `Asked`, as for a read. Out: JSON data; no row is read. The caller's own values are shown, since he
has just written them; what rules compare with and what is known of him are symbols, and literals in plans are `?`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from crud import reading
from crud.plans.beside import BACKEND
from crud.plans.filled import filled
from crud.snapshots.state import Context
from crud.symbols import MARK, symbolic, symbols
from sql.compiled import BESIDE, Compiled, Statement
from sql.expressions import TRUE, Const, Hop, Origin, Path, Slot
from sql.fragment import Bindings
from sql.query import Asked, Query, Select
from sql.types import Type

# How each database is asked what it would do.
PLANS = {"sqlite": "EXPLAIN QUERY PLAN ", "postgres": "EXPLAIN "}
_LITERAL = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'|(?<![\w.$])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)""")
_COSTS = re.compile(r"  \(cost=[^()]*\)$")
Step = tuple[str, str, Statement]


def dissected(context: Context, asked: Asked) -> dict[str, object]:
    """Everything that is known of a read before it is one. Raises ApiError and SqlError."""
    asked = filled(context, asked)
    authorized = reading.admitted(context, asked.query)
    compiled = reading.statements(context, authorized)
    source = context.snapshot.catalog.resource(asked.query.resource).source
    bindings = Bindings(asked.values, context.actor.values, datetime.now(UTC))
    actor = context.actor
    return {
        "as": {"id": actor.id, "roles": sorted(actor.roles), "tenant": actor.tenant},
        "query": tree(asked.query),
        "values": [shown(value) for value in asked.values],
        "authorized": tree(authorized.query),
        "statements": [_statement(context, bindings, step) for step in _steps(compiled, "rows", source)],
    }


# ---------------------------------------------------------------- trees


def tree(node: object) -> object:
    """A node of a query as JSON data: `{"Node": {member: …}}`, without what says nothing. A path is its text, and so is
    a column that is shown under its own name."""
    match node:
        case Path() if all(hop.guard == TRUE for hop in node.hops):
            return ".".join([*(hop.relation for hop in node.hops), node.column])
        case Select(expr=Path() as path, alias=alias, form=None) if tree(path) == alias:
            return alias
        case Slot(index=index):
            return f":value_{index + 1}"
        case Const():
            return ":constant"
        case Type():
            return str(node.name)
        case Query():
            return _members(node)
        case tuple():
            return [tree(each) for each in node]
        case _ if is_dataclass(node):
            return {type(node).__name__: _members(node)}
    return shown(node)


def _members(node: Any) -> dict[str, object]:
    told = {each.name: getattr(node, each.name) for each in fields(node) if _says(node, each)}
    return {name: tree(value) for name, value in told.items() if not isinstance(value, Origin)}


def _says(node: object, member: Field[Any]) -> bool:
    """Whether a member is another than it would be anyway."""
    usual = member.default_factory() if member.default_factory is not MISSING else member.default
    value = getattr(node, member.name)
    return value is not None and (isinstance(node, Hop) or usual is MISSING or value != usual)


def shown(value: object) -> object:
    """A value as JSON data."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [shown(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): shown(each) for name, each in value.items()}
    return value if value is None or isinstance(value, str | int | float) else str(value)


# ---------------------------------------------------------------- statements


def _steps(compiled: Compiled, what: str, source: str) -> Iterator[Step]:
    """The statements of a read, each with what it gives."""
    for each in compiled.brought:
        yield each.source, f"rows of {each.at}", each.statement
    here = BESIDE if compiled.brought else compiled.source or source
    yield here, what, compiled.statement
    if compiled.count is not None:
        yield here, "total", compiled.count
    for child in compiled.children:
        yield from _steps(child.compiled, "included rows", here)


def _statement(context: Context, bindings: Bindings, step: Step) -> dict[str, object]:
    source, what, statement = step
    kind = context.snapshot.database(source).backend.name if source != BESIDE else BACKEND.name
    called = list(symbols(statement.binders, bindings))
    return {
        "gives": what,
        "source": source,
        "sql": symbolic(statement, MARK[kind], called),
        "plan": _plan(context, source, statement, bindings),
    }


def _plan(context: Context, source: str, statement: Statement, bindings: Bindings) -> list[str]:
    if source == BESIDE:  # the rows that it reads are not there yet
        return []
    database = context.snapshot.database(source)
    rows = database.fetch(PLANS[database.backend.name] + statement.text, statement.bind(bindings))
    if database.backend.name == "sqlite":
        return _indented(rows)
    return [masked(str(line)) for (line,) in rows]


def _indented(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """SQLite's plan: each step under the one that it is a part of."""
    depths = {0: 0}
    for number, parent, *_ in rows:
        depths[number] = depths.get(parent, 0) + 1
    return [f"{'  ' * (depths[number] - 1)}{detail}" for number, _, _, detail in rows]


def masked(line: str) -> str:
    """A line of PostgreSQL's plan without the values that it compares with; its costs stay."""
    costs = _COSTS.search(line)
    text, rest = (line[: costs.start()], costs[0]) if costs else (line, "")
    return _LITERAL.sub(lambda found: found[0] if found[0].startswith('"') else "?", text) + rest
