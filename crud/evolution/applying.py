"""Brings tables up to their definitions: in one transaction per source, with the records of what was made.

In: a `Config` and its databases. Out: tables as they are wanted, with the sample rows of those that were made just now;
or `Refused`, which prints the plan of what was not done. Inside an open `Database.evolving()` of this thread everything
is a part of that.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

import structlog

from crud.definitions.config import Config
from crud.definitions.place import NOWHERE, Place
from crud.definitions.problems import ConfigError, Problem
from crud.evolution import records, wording
from crud.evolution.locking import alone
from crud.evolution.merging import safe_part
from crud.evolution.planning import plan
from crud.evolution.records import Where
from crud.evolution.steps import Plan, Step
from crud.evolution.wanted import Wanted
from crud.samples import insert_rows, read_rows
from sql.backend import Backend
from sql.database import Database, Session
from sql.ddl import add_column
from sql.errors import CannotEvolve
from sql.evolution import Change, differences, evolve_all
from sql.evolution import statements_of as sql_of
from sql.fragment import Bindings

log = structlog.get_logger()
Databases = Mapping[str, Database]
Sessions = Mapping[str, Session]
_REFUSED = "What definitions want would lose data; flask db apply --losing does it, and so does server.evolve: all."


class Refused(ConfigError):
    """What definitions want would lose something, and nobody said that it may. `plan` is what was not done."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(problem for step in plan.steps for problem in _losses(step))
        self.plan = plan

    def __str__(self) -> str:
        return f"{_REFUSED}\n{wording.text(self.plan)}"


def bring_up(
    config: Config,
    databases: Databases,
    *,
    losing: bool | Collection[Where] | None = None,
    drop: bool | Collection[Where] = (),
    repair: bool = False,
    alone_already: bool = False,
) -> Plan:
    """Let tables follow their definitions; what was done.

    `losing`: whether changes may lose something, or at which tables; by default as `server.evolve` says. `drop`: which
    tables go that no definition speaks of any more. `alone_already`: nobody else can change tables between the look and
    the change, since the caller keeps them out. Raises Refused once the safe part is done, and ConfigError, before
    anything is, where a definition cannot be followed.
    """
    found = plan(config, databases, drop=drop, repair=repair)
    if losing is None and config.server.evolve == "nothing":
        if found.changes:
            log.warning("tables do not follow their definitions: server.evolve is nothing", plan=wording.text(found))
        return found
    allowed = config.server.evolve == "all" if losing is None else losing
    if not found.steps:
        return found
    with ExitStack() as stack:
        sessions = {source: stack.enter_context(alone(databases[source])) for source in _sources(config, found)}
        found = found if alone_already else plan(config, databases, drop=drop, repair=repair)
        done, refused = _divided(found, allowed)
        _apply(config, databases, sessions, replace(found, steps=done))
    if refused:
        raise Refused(replace(found, steps=refused))
    return replace(found, steps=done)


def statements_of(databases: Databases, plan: Plan) -> tuple[tuple[str, str], ...]:
    """The SQL that a plan would run, each statement with its source."""
    made = []
    for source in dict.fromkeys(step.source for step in plan.changes):
        mine, backend = [step for step in plan.steps if step.source == source], databases[source].backend
        added = [text.replace("%%", "%") if backend.name == "postgres" else text for text in _added(mine, backend)]
        made += [(source, text) for text in (*sql_of(_changes(plan, source), backend), *added)]
    return tuple(made)


def _changes(plan: Plan, source: str) -> list[Change]:
    """What changes in a source, with the tables beside."""
    steps = [step for step in plan.steps if step.source == source and step.kind not in ("adopt", "extend")]
    beside = (Change(layout, layout) for layout in plan.beside.get(source, ()))
    return [*(step.change for step in steps), *beside]


def _added(steps: Iterable[Step], backend: Backend) -> Iterator[str]:
    """A found table is only added to, whatever else it is."""
    for step in steps:
        if step.kind == "extend" and step.old and step.new:
            for column in step.new.columns[len(step.old.columns) :]:
                yield from add_column(step.old, column, backend)


def _sources(config: Config, plan: Plan) -> Iterable[str]:
    """The sources that are written to; the records first."""
    changed = {step.source for step in plan.changes}
    return dict.fromkeys([config.server.system, *(source for source in config.sources if source in changed)])


def _losses(step: Step) -> Iterable[Problem]:
    place = step.wanted.definition.place if step.wanted else NOWHERE
    return [Problem(each.words, place) for each in step.differences if each.loses]


def _divided(plan: Plan, losing: bool | Collection[Where]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """What is done, and what is refused. Of a table that would lose something, as much is done as loses nothing."""
    done, refused = [], []
    for step in plan.steps:
        if not step.loses or losing is True or (losing and (step.source, step.table) in losing) or step.kind == "drop":
            done.append(step)
        else:
            part = _safe(step)
            done += [part] if part else []
            refused.append(_rest(step, part) if part else step)
    return tuple(done), tuple(refused)


def _safe(step: Step) -> Step | None:
    """The part of a step that loses nothing."""
    if step.old is None or step.new is None or step.recorded is None or step.record is None:
        return None
    new, record = safe_part(step.old, step.new, step.renamed), safe_part(step.recorded, step.record, step.renamed)
    if new is None or record is None:
        return None
    found = differences(step.old, new, step.renamed)
    return replace(step, new=new, record=record, differences=found) if found else None


def _rest(step: Step, part: Step) -> Step:
    """What is left of a step when its safe part is done."""
    return replace(step, old=part.new, renamed={}, differences=differences(part.new, step.new, {}))


# ---------------------------------------------------------------- doing it


def _apply(config: Config, databases: Databases, sessions: Sessions, plan: Plan) -> None:
    steps = plan.steps
    for source in dict.fromkeys(step.source for step in plan.changes):
        _evolve(databases[source], sessions[source], plan, source)
        for step in (step for step in steps if step.source == source):
            if step.kind == "create" and step.wanted is not None:
                fill(config, databases[source], sessions[source], step.wanted)
    home = databases[config.server.system]
    session = sessions[config.server.system]
    for step in steps:
        if step.recorded is not None:
            records.forget(home, session, step.source, step.recorded.table)
    for step in steps:
        if step.record is not None:
            records.write(home, session, step.source, step.record)


def _evolve(database: Database, session: Session, plan: Plan, source: str) -> None:
    """Change the tables of one source."""
    steps = [step for step in plan.steps if step.source == source]
    try:
        evolve_all(session, database.backend, _changes(plan, source))
    except CannotEvolve as error:
        raise ConfigError([Problem(str(error), _blamed(error, steps))]) from error
    for statement in _added(steps, database.backend):
        session.execute(statement)


def _blamed(error: CannotEvolve, steps: list[Step]) -> Place:
    """Where the definition is that cannot be followed."""
    wanted = next((step.wanted for step in steps if step.wanted and step.table.name == error.table), None)
    return wanted.definition.place if wanted else NOWHERE


def fill(config: Config, database: Database, session: Session, made: Wanted) -> None:
    """Sample rows for a table that was made just now."""
    file, rows = read_rows(config.sample, made.exact, made.definition.entity)
    table = made.layout.table
    insert_rows(session, database.backend, table, columns=made.columns, rows=rows, file=file)
    for column in made.columns.values():  # a counter goes on after the keys of the sample
        counts = column.default is not None and column.default.kind == "increment"
        if counts and (advance := database.backend.advance(table, column)):
            session.fetch(advance.text, tuple(binder(Bindings()) for binder in advance.params))
