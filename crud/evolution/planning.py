"""What has to change so that tables follow their definitions, and where databases are not as we last made them.

In: a `Config`, its databases, and what was recorded of each table. Out: `Plan`: a `Step` for each table, parents first.
A table that was there before us, of which nothing is recorded, is found: it gets columns that it lacks, nothing else.
Nothing is changed here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crud import system
from crud.definitions.config import Config
from crud.definitions.declared import ResourceDefinition
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.semantics import declared
from crud.evolution import records
from crud.evolution.merging import amid_drift, as_recorded, found_layout
from crud.evolution.records import Where
from crud.evolution.steps import Drifted, Plan, Seen, Step
from crud.evolution.targets import Found, Known, exact_of, survey
from crud.evolution.wanted import Wanted, wanted
from crud.resources import find_table
from sql.catalog import Table
from sql.database import Database
from sql.drift import drift
from sql.evolution import Change, differences, followed
from sql.introspection import TableInfo
from sql.layout import Layout


@dataclass(frozen=True, eq=False)
class State:
    """The databases as they stand, and what was recorded of them."""

    config: Config
    databases: Mapping[str, Database]
    seen: Seen
    found: Found
    recorded: Mapping[Where, Layout]
    known: Known


def plan(
    config: Config,
    databases: Mapping[str, Database],
    *,
    drop: bool | Collection[Where] = (),
    repair: bool = False,
) -> Plan:
    """The plan. `drop`: tables that go, or all of those of which no definition speaks any more. `repair`: tables are
    taken as they are found, whatever we made. Raises ConfigError where a definition cannot be followed."""
    state = _state(config, databases, repair=repair)
    following = [each for each in _wanted(state) if not config.sources[each.definition.source].memory]
    if problems := [problem for each in following for problem in _problems(state, each)]:
        raise ConfigError(problems)
    steps = [step for each in following for step in _steps(state, each)]
    spoken = {(d.source, _place(state, d)) for d in declared(config)} | {
        (s.source, s.old.table) for s in steps if s.old
    }
    undefined = [place for place in state.recorded if place not in spoken]
    dropped = [place for place in undefined if drop is True or (drop and place in drop)]
    steps += [_dropping(place, state) for place in reversed(dropped)]
    every = tuple(_following_renames(state, steps))
    return Plan(
        tuple(step for step, matters in every if matters),
        _beside(state, [step for step, matters in every if not matters]),
        tuple(_drifted(state)),
        tuple(place for place in undefined if place not in dropped),
        state.seen,
    )


def _wanted(state: State) -> tuple[Wanted, ...]:
    return wanted(state.config, state.known, {name: each.backend.name for name, each in state.databases.items()})


def _state(config: Config, databases: Mapping[str, Database], *, repair: bool) -> State:
    """The databases as they stand."""
    recorded = _records(config, databases)
    sources = {definition.source for definition in declared(config)} | {source for source, _ in recorded}
    seen = {source: databases[source].tables(include_own=True) for source in sorted(sources)}
    found = {source: _tables(every) for source, every in seen.items()}
    if repair:
        recorded = {
            (source, table): _as_found(found[source].get(table), layout, databases[source])
            for (source, table), layout in recorded.items()
        }
    complete = {exact_of(config, definition) for definition in declared(config) if definition.fields}
    state = State(config, databases, seen, found, recorded, survey(config, found, complete))
    followed = {exact_of(config, each.definition) for each in _wanted(state) if _is_followed(state, each)}
    return replace(state, known=survey(config, found, followed))


def _tables(every: Iterable[TableInfo]) -> Mapping[Table, TableInfo]:
    """All but our own, to which references may lead nevertheless."""
    return {info.table: info for info in every if not info.table.name.startswith(system.PREFIX)}


def _is_followed(state: State, each: Wanted) -> bool:
    """Whether a table is, or could be, as its definition wants it, whatever was found."""
    info = _info(state, each)
    ours = _is_ours(each.definition, state.found[each.definition.source], state.recorded)
    return ours or (info is not None and _is_as_wanted(state, each, info))


def _is_as_wanted(state: State, each: Wanted, info: TableInfo) -> bool:
    backend = state.databases[each.definition.source].backend
    plain = info.kind == "table" and info.table == each.layout.table and not each.problems
    return plain and not drift(each.layout, info, backend)


def _as_found(info: TableInfo | None, layout: Layout, database: Database) -> Layout:
    return found_layout(info, layout, database.backend) if info else layout


def _records(config: Config, databases: Mapping[str, Database]) -> Mapping[Where, Layout]:
    """What was recorded of the sources that there are."""
    recorded = records.read(databases[config.server.system])
    return {place: layout for place, layout in recorded.items() if place[0] in databases}


def _is_ours(
    definition: ResourceDefinition, tables: Mapping[Table, TableInfo], recorded: Mapping[Where, Layout]
) -> bool:
    info = find_table(definition, tables)
    return info is None or (definition.source, info.table) in recorded


def _place(state: State, definition: ResourceDefinition) -> Table:
    info = find_table(definition, state.found[definition.source])
    return info.table if info else Table(definition.table)


# ---------------------------------------------------------------- one table


def _problems(state: State, each: Wanted) -> Iterator[Problem]:
    """Why a definition cannot be followed."""
    source, at = each.definition.source, each.definition.place / "renamed_from"
    ours = _is_ours(each.definition, state.found[source], state.recorded)
    former = _former(state, each)
    if state.config.sources[source].read_only:
        return
    if ours:
        yield from each.problems
    if former and (source, former.table) in state.recorded and not ours:
        yield Problem(f"there is a table {each.layout.table.name!r} already", at)
    if former and (source, former.table) not in state.recorded and _info(state, each) is None:
        yield Problem(f"{former.table.name!r} was not made by this service: who made it renames it", at)


def _info(state: State, each: Wanted) -> TableInfo | None:
    return find_table(each.definition, state.found[each.definition.source])


def _former(state: State, each: Wanted) -> TableInfo | None:
    """The table under the name that it had before."""
    name = each.definition.renamed_from
    return state.found[each.definition.source].get(Table(name)) if name else None


def _steps(state: State, each: Wanted) -> Iterator[Step]:
    """What happens to the table of a definition."""
    source = each.definition.source
    if state.config.sources[source].read_only:
        return
    info = _info(state, each)
    if info is not None and (source, info.table) not in state.recorded:
        yield from _found(state, each, info)
    else:
        yield from _following(state, each, info or _former(state, each))


def _following(state: State, each: Wanted, info: TableInfo | None) -> Iterator[Step]:
    """A table that follows its definition, from what was made of it. One that somebody dropped is made again."""
    source, layout = each.definition.source, each.layout
    if info is None:
        found = differences(None, layout, {})
        yield Step("create", source, None, layout, record=layout, differences=found, wanted=each)
        return
    recorded = state.recorded[source, info.table]
    renamed = {new: was for new, was in each.renamed.items() if was in recorded.names and new not in recorded.names}
    old, new = amid_drift(recorded, layout, info, renamed)
    found = differences(old, new, renamed)
    if found and _is_as_wanted(state, each, info):
        yield Step("adopt", source, layout, layout, recorded, layout, wanted=each)
    elif found or as_recorded(recorded) != as_recorded(layout):
        yield Step("change", source, old, new, recorded, layout, found, renamed, each)


def _found(state: State, each: Wanted, info: TableInfo) -> Iterator[Step]:
    """A table that was there before us: recorded if it is as its definition wants it, else it gets what it lacks."""
    source, backend = each.definition.source, state.databases[each.definition.source].backend
    if info.kind != "table":
        return
    if _is_as_wanted(state, each, info):
        yield Step("adopt", source, each.layout, each.layout, record=each.layout, wanted=each)
        return
    there = {column.name for column in info.columns}
    lacking = [said.name for said in each.definition.fields if said.type is not None and said.name not in there]
    if lacking:
        old = found_layout(info, Layout(info.table, ()), backend)
        added = tuple(replace(each.layout.column(name), nullable=True) for name in lacking)
        new = replace(old, columns=(*old.columns, *added))
        yield Step("extend", source, old, new, differences=differences(old, new, {}), wanted=each)


def _dropping(place: Where, state: State) -> Step:
    source, table = place
    layout = state.recorded[place]
    there = table in state.found[source]
    return Step("drop", source, layout, None, layout, differences=differences(layout, None, {}) if there else ())


# ---------------------------------------------------------------- all tables together


def _following_renames(state: State, steps: Sequence[Step]) -> Iterator[tuple[Step, bool]]:
    """References lead to tables and columns as they are called then, also those of tables that do not change. Each step
    with whether it does anything."""
    stepped = {(step.source, step.old.table) for step in steps if step.old}
    others = [(*place, layout) for place, layout in state.recorded.items() if place not in stepped]
    steps = [*steps, *(Step("change", source, layout, layout, layout, layout) for source, _, layout in others)]
    for source in dict.fromkeys(step.source for step in steps):
        mine = [step for step in steps if step.source == source]
        effective = followed([step.change for step in mine])
        recorded = followed([Change(step.recorded, step.record, step.renamed) for step in mine])
        yield from ((_led(*each), _matters(*each)) for each in zip(mine, effective, recorded, strict=True))


def _led(step: Step, change: Change, recorded: Change) -> Step:
    """The step with its references as they lead then; a table that does not change itself is only recorded anew."""
    if step.wanted is None and step.kind == "change":
        return replace(step, old=change.old, new=change.old, recorded=recorded.old, record=recorded.old)
    told = differences(change.old, change.new, step.renamed)
    return replace(step, old=change.old, recorded=recorded.old, differences=told)


def _matters(step: Step, change: Change, recorded: Change) -> bool:
    return step.wanted is not None or step.kind == "drop" or recorded.old != step.recorded


def _beside(state: State, unchanged: Sequence[Step]) -> Mapping[str, tuple[Layout, ...]]:
    """Tables that stay, and may refer to those that change: ours, and found ones."""
    made: dict[str, tuple[Layout, ...]] = {}
    for step in unchanged:
        if step.old is not None and step.table in state.found[step.source]:
            made[step.source] = (*made.get(step.source, ()), step.old)
    for source, tables in state.found.items():
        backend = state.databases[source].backend
        found = [info for table, info in tables.items() if info.foreign_keys and (source, table) not in state.recorded]
        layouts = tuple(found_layout(info, Layout(info.table, ()), backend) for info in found)
        made[source] = (*made.get(source, ()), *layouts)
    return made


def _drifted(state: State) -> Iterator[Drifted]:
    """Tables that are not as they were made."""
    for (source, table), layout in state.recorded.items():
        info = state.found[source].get(table)
        backend = state.databases[source].backend
        words = drift(layout, info, backend) if info else ("the table is missing",)
        if words:
            yield Drifted(source, table, words)
