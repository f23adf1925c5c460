"""Answers that are kept: a read whose caller has said how old the answer may be.

In: a `Context`, `Asked` with its `cache`, what the dialect says of the question. Out: an `Entry` of the cache, or the
`Result` as it was read where it is not for keeping: without rows; where it depends on the time; where it shows our own
tables, which are written in many ways; while one of its tables is being written; while the store fails.
Two callers are given one answer where their authorised queries, with every value in them, are the same.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

from crud import reading
from crud.caching.cache import Cache
from crud.caching.entries import Entry, Words
from crud.caching.keys import Unwritten, digest, written
from crud.caching.store import StoreFailed
from crud.caching.tables import database_id, database_ids, table_id, table_ids
from crud.errors import ApiError
from crud.jsontext import json_bytes
from crud.reading import Result
from crud.snapshots.state import Context
from crud.telemetry import figures
from sql.expressions import ActorValue, Now
from sql.query import Asked, Query

T = TypeVar("T")
# Whether rows of a database change by what no statement of ours says.
BESIDES = {
    "sqlite": "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' LIMIT 1",
    "postgres": """SELECT 1 FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 1 FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
            WHERE r.rulename <> '_RETURN' AND c.oid >= 16384
        UNION ALL SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f')
        LIMIT 1""",
}
HELD = ("NO ACTION", "RESTRICT")


@dataclass(frozen=True)
class Shape:
    """What is known of a query before it is asked: of which generations an answer is, and what else it depends on."""

    text: str
    tables: frozenset[str]
    actor: tuple[str, ...]


def answer(context: Context, asked: Asked, said: Words) -> Entry | Result:
    """The answer, kept or to be kept where that can be. Raises ApiError and SqlError."""
    cache = context.snapshot.cache
    if cache is None or asked.cache <= 0:
        return reading.answer(context, asked)
    reading.prepared(context, asked.query)
    shape = _shape(context, asked.query)
    if shape is None:
        return _unkept(context, asked)
    try:
        generations = cache.generations(shape.tables)
        key = _key(context, shape, asked, generations) if generations is not None else ""
        if generations is None or not key:
            return _unkept(context, asked)
        seconds = min(asked.cache, cache.settings.max_seconds)
        if found := cache.find(key, seconds):
            figures.count("cache_answers", "hit")
            return found
    except StoreFailed:
        return _unkept(context, asked)
    figures.count("cache_answers", "miss")
    return _made(context, asked, cache, Entry(key, 0, seconds, b"", generations=generations, asked=said))


def _unkept(context: Context, asked: Asked) -> Result:
    """What is not for keeping."""
    figures.count("cache_answers", "unkept")
    return reading.answer(context, asked)


def _made(context: Context, asked: Asked, cache: Cache, entry: Entry) -> Entry | Result:
    """The answer of whoever had the turn before, or one that is made now."""
    with cache.turn(entry.key) as waited:
        if not waited:
            return _filled(context, asked, cache, entry)
    return _found(cache, entry) or _filled(context, asked, cache, entry)


def _filled(context: Context, asked: Asked, cache: Cache, entry: Entry) -> Entry | Result:
    """The answer, read now and kept."""
    now = time.time()
    result = reading.answer(context, asked)
    if not result.rows:
        return result
    made = replace(
        entry,
        filled=now,
        expires=now + entry.expires,
        rows=json_bytes(result.rows),
        names=tuple(result.rows[0]),
        total=result.total,
    )
    return made if cache.keep(made) else result


def _found(cache: Cache, entry: Entry) -> Entry | None:
    try:
        return cache.find(entry.key, entry.expires)
    except StoreFailed:
        return None


def _key(context: Context, shape: Shape, asked: Asked, generations: dict[str, str]) -> str:
    """The key of an answer; empty where there can be none."""
    held = context.actor.values
    actor = [held.get(name) for name in shape.actor]
    try:
        return digest(shape.text, asked.values, actor, context.snapshot.revision, sorted(generations.items()))
    except Unwritten:
        return ""


# ---------------------------------------------------------------- looking after it


def viewed(context: Context) -> list[Entry]:
    """The answers that would be given now, the last ones first. Raises ApiError."""
    cache = context.snapshot.cache
    return _asked(cache.view) if cache else []


def cleaned(context: Context) -> None:
    """Answers that are given no more are forgotten. Raises ApiError."""
    if cache := context.snapshot.cache:
        _asked(cache.clean)


def purged(context: Context) -> None:
    """All answers are forgotten, also those that are being made. Raises ApiError."""
    if cache := context.snapshot.cache:
        _asked(cache.purge)


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except StoreFailed as error:
        raise ApiError("busy", "The cache does not answer, try again") from error


# ---------------------------------------------------------------- what an answer depends on


def _shape(context: Context, query: Query) -> Shape | None:
    """The shape of a query for callers of this kind; None where answers are not kept."""
    found = context.snapshot.compiled.get(("kept", query, context.actor.kind), lambda: _looked(context, query))
    assert found is None or isinstance(found, Shape)
    return found


def _looked(context: Context, query: Query) -> Shape | None:
    snapshot = context.snapshot
    authorized, names = reading.noted(context, query)
    nodes = list(_nodes(authorized))
    if any(isinstance(node, Now) for node in nodes) or any(snapshot.catalog.resource(name).system for name in names):
        return None
    tables = table_ids(snapshot.catalog, snapshot.databases, names)
    for name in names:
        if _opaque(context, snapshot.catalog.resource(name).source):
            tables |= database_ids(snapshot.catalog, snapshot.databases, [name])
    try:
        text = written(authorized)
    except Unwritten:
        return None
    return Shape(text, tables, tuple(sorted({node.name for node in nodes if isinstance(node, ActorValue)})))


def _nodes(tree: object) -> Iterator[object]:
    """Everything in a tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, tuple):
            waiting += node
        elif is_dataclass(node):
            waiting += [getattr(node, field.name) for field in fields(node)]


def _opaque(context: Context, source: str) -> bool:
    """Whether a write into one table of a source may show in another without anything here knowing of it: views,
    triggers, rules, partitions, references between tables that are not served. Looked at once for each catalog."""
    return context.snapshot.opaque.get(source, lambda: _looked_at(context, source))


def _looked_at(context: Context, source: str) -> bool:
    snapshot = context.snapshot
    database = snapshot.database(source)
    if database.fetch(BESIDES[database.backend.name]):
        return True
    here = database_id(database)
    of_it = [each for each in snapshot.catalog if database_id(snapshot.database(each.source)) == here]
    served = {table_id(database, each.table) for each in of_it}
    return any(
        info.kind == "view"
        or (
            table_id(database, info.table) not in served and any(key.on_delete not in HELD for key in info.foreign_keys)
        )
        for info in database.tables()
    )
