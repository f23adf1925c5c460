"""How many rows resources have, where that is known without reading them all.

In: a context, resources that the caller may read. Out: numbers by exact name. What is staged or in memory is counted as
the caller sees it; of other tables it is what the database has noted when it last looked at them (ANALYZE), and told to
nobody who does not see every row.
"""

from collections.abc import Iterable, Iterator, Mapping

from crud import service
from crud.access.permissions import gate_for
from crud.snapshots.state import Context
from sql.catalog import Resource, Table
from sql.expressions import TRUE
from sql.query import Aggregate, Asked, Query


def sizes(context: Context, resources: Iterable[Resource]) -> dict[str, int]:
    """What is known of their sizes."""
    every = [*resources]
    small = [each for each in every if is_small(context, each)]
    counted = {each.name: _counted(context, each) for each in small}
    return {**counted, **dict(_noted(context, [each for each in every if each.name not in counted]))}


def is_small(context: Context, resource: Resource) -> bool:
    """Whether a table is in memory, where counting costs little."""
    source = context.snapshot.config.sources.get(resource.source)
    return resource.plan is None and source is not None and (source.memory or bool(source.folder))


def _counted(context: Context, resource: Resource) -> int:
    found = service.read(context, Asked(Query(resource.name, aggregates=(Aggregate("n", "count"),))))
    return int(str(found.rows[0]["n"]))


def _noted(context: Context, resources: Iterable[Resource]) -> Iterator[tuple[str, int]]:
    snapshot, known = context.snapshot, dict[str, Mapping[Table, int]]()
    gate = gate_for(snapshot.policy, snapshot.catalog, context.actor)
    for each in resources:
        if each.source in snapshot.databases and gate.access(each).where == TRUE:
            if each.source not in known:
                known[each.source] = snapshot.databases[each.source].sizes()
            if each.table in known[each.source]:
                yield each.name, known[each.source][each.table]
