"""How tables change on PostgreSQL: ALTER TABLE for everything.

In: changes of tables that belong together. Out: steps, in order: references are taken off first and put on last, so
that what they lead to can change in between; what goes makes room before anything gets its name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sql.backend import Backend
from sql.catalog import Column, Table
from sql.ddl import (
    add_column,
    comment_of,
    comment_on,
    constraint,
    create_bare,
    declared,
    default_text,
    index,
    table_name,
)
from sql.evolution import checks
from sql.evolution.changes import Change
from sql.evolution.comparing import type_words
from sql.evolution.conversions import beforehand, converted
from sql.evolution.delta import Delta, delta
from sql.evolution.filling import fill
from sql.evolution.lossless import lossless
from sql.evolution.ordering import in_order
from sql.evolution.steps import Run, Step, run
from sql.fragment import Fragment, ident, sql
from sql.layout import Layout
from sql.parts import Part, parts

Called = Callable[[Table, Part], str]
_CONSTRAINTS = frozenset({"key", "unique", "check", "reference"})


def steps(changes: Sequence[Change], backend: Backend, called: Called) -> Iterator[Step]:
    """All steps. `called`: what a part of an old layout is really called."""
    deltas = tuple(delta(change, backend) for change in changes if change.old and change.new)
    plan = _Plan(backend, called, deltas, _loose(deltas))
    made = [change.new for change in changes if change.old is None and change.new is not None]
    gone = [change.old for change in changes if change.new is None and change.old is not None]
    yield from plan.taken_off()
    yield from (plan.run(layout.table, f"DROP TABLE {plan.place(layout.table)}", "is dropped") for layout in gone)
    for one in deltas:
        yield from plan.cleared(one)
    yield from plan.renamed()
    for one in deltas:
        yield from _Altered(plan, one).all()
    yield from (plan.run(layout.table, create_bare(layout, backend, []), "is made") for layout in made)
    yield from plan.put_on([(layout, parts(layout, backend.name)) for layout in made])
    for layout in made:
        for column in layout.columns:
            yield from plan.commented(layout.table, None, column)


def _loose(deltas: tuple[Delta, ...]) -> frozenset[tuple[Table, str]]:
    """The references that stay, but cannot while types change, or what they lean on is made anew: table (new), name."""
    touched = {(one.new.table, now.name) for one in deltas for was, now in one.pairs if was.type != now.type}
    touched |= {(one.new.table, name) for one in deltas for name in one.anew}
    leaning = {
        (one.new.table, frozenset(columns))
        for one in deltas
        for part in one.gone
        if part.kind in ("key", "unique") or part.unique
        if (columns := one.names.moved(part.columns))
    }
    return frozenset(
        (one.new.table, new.name)
        for one in deltas
        for _, new in one.kept
        if new.reference is not None
        if (new.reference.target, frozenset(new.reference.target_columns)) in leaning
        or any((one.new.table, name) in touched for name in new.columns)
        or any((new.reference.target, name) in touched for name in new.reference.target_columns)
    )


@dataclass(frozen=True)
class _Plan:
    backend: Backend
    called: Called
    deltas: tuple[Delta, ...]
    loose: frozenset[tuple[Table, str]]

    def run(self, table: Table, text: str, what: str) -> Run:
        return Run(text, table.name, what)

    def place(self, table: Table) -> str:
        return table_name(table, self.backend)

    def _is_loose(self, one: Delta, new: Part) -> bool:
        return (one.new.table, new.name) in self.loose

    # -------------------------------------------------------- what goes

    def taken_off(self) -> Iterator[Step]:
        """References that go, or are in the way."""
        for one in self.deltas:
            off = [part for part in one.gone if part.kind == "reference"]
            off += [old for old, new in one.kept if self._is_loose(one, new)]
            yield from (self._drop(one.old.table, part) for part in off)

    def cleared(self, one: Delta) -> Iterator[Step]:
        """What goes from a table, under its old names."""
        table = one.old.table
        for was, now in one.pairs:
            if was.formula and not now.formula:
                place = f"ALTER TABLE {self.place(table)} ALTER COLUMN {self.backend.ident(was.name)}"
                yield self.run(table, f"{place} DROP EXPRESSION", f"{now.name} is no longer computed")
        for part in sorted((p for p in one.gone if p.kind != "reference"), key=lambda part: part.kind == "key"):
            yield self._drop(table, part)
        for was, now in one.pairs:
            if one.counts_anew(now):
                place = f"ALTER TABLE {self.place(table)} ALTER COLUMN {self.backend.ident(was.name)}"
                yield self.run(table, f"{place} DROP IDENTITY IF EXISTS", f"{now.name} has other numbers")
                yield self.run(table, f"{place} DROP DEFAULT", f"{now.name} has another default")
        for column in sorted(one.dropped, key=lambda column: not column.formula):
            text = f"ALTER TABLE {self.place(table)} DROP COLUMN {self.backend.ident(column.name)}"
            yield self.run(table, text, f"{column.name} is dropped")

    def _drop(self, table: Table, part: Part) -> Run:
        name = self.backend.ident(self.called(table, part))
        if part.kind in _CONSTRAINTS:
            text = f"ALTER TABLE {self.place(table)} DROP CONSTRAINT IF EXISTS {name}"
        else:
            text = f"DROP INDEX IF EXISTS {self._within(table)}{name}"
        return self.run(table, text, f"{part.kind} {part.name} is dropped")

    def _within(self, table: Table) -> str:
        return "" if table.schema is None else f"{self.backend.ident(table.schema)}."

    # -------------------------------------------------------- what is called otherwise

    def renamed(self) -> Iterator[Step]:
        """Tables, then columns, then parts."""
        schemas = {one.old.table.schema for one in self.deltas}
        for schema in schemas:
            mine = [one for one in self.deltas if one.old.table.schema == schema]
            for old, new in in_order({one.old.table.name: one.new.table.name for one in mine}):
                text = f"ALTER TABLE {self.place(Table(old, schema))} RENAME TO {self.backend.ident(new)}"
                yield self.run(Table(old, schema), text, f"is called {new}")
        for one in self.deltas:
            for old, new in in_order(one.renames):
                names = f"{self.backend.ident(old)} TO {self.backend.ident(new)}"
                text = f"ALTER TABLE {self.place(one.new.table)} RENAME COLUMN {names}"
                yield self.run(one.new.table, text, f"{old} is called {new}")
        for schema in schemas:
            yield from self._renamed_parts([one for one in self.deltas if one.old.table.schema == schema])

    def _renamed_parts(self, deltas: list[Delta]) -> Iterator[Step]:
        """Their names are those of a whole schema."""
        names: dict[str, str] = {}
        holders: dict[str, tuple[Table, Part]] = {}
        for one in deltas:
            for old, new in one.kept:
                if old.name != new.name and not self._is_loose(one, new):
                    names[self.called(one.old.table, old)] = new.name
                    holders[self.called(one.old.table, old)] = (one.new.table, new)
        for name, new_name in in_order(names):
            table, part = holders.pop(name)
            holders[new_name] = (table, part)
            yield self.run(table, self._rename(table, part, (name, new_name)), f"{part.kind} {name} is renamed")

    def _rename(self, table: Table, part: Part, names: tuple[str, str]) -> str:
        old, new = (self.backend.ident(name) for name in names)
        if part.kind in _CONSTRAINTS:
            return f"ALTER TABLE {self.place(table)} RENAME CONSTRAINT {old} TO {new}"
        return f"ALTER INDEX IF EXISTS {self._within(table)}{old} RENAME TO {new}"

    # -------------------------------------------------------- what comes

    def put_on(self, made: list[tuple[Layout, tuple[Part, ...]]]) -> Iterator[Step]:
        """Parts of tables that were there, and of those that are made; references when all others stand."""
        adding = [(one.new, one.added) for one in self.deltas] + made
        for layout, added in adding:
            yield from (self._add(layout, part) for part in added if part.kind != "reference")
        for layout, added in adding:
            for part in (part for part in added if part.kind == "reference"):
                yield from self._refer(layout, part)
        for one in self.deltas:
            for part in (new for _, new in one.kept if self._is_loose(one, new)):
                yield from self._refer(one.new, part)

    def _refer(self, layout: Layout, part: Part) -> Iterator[Step]:
        if part.reference is not None:
            yield checks.referring(layout.table, part.reference, self.backend)
        yield self._add(layout, part)

    def _add(self, layout: Layout, part: Part) -> Run:
        if part.kind in _CONSTRAINTS:
            text = f"ALTER TABLE {self.place(layout.table)} ADD {constraint(part, self.backend)}"
        else:
            text = index(layout, part, self.backend)
        what = "unique" if part.unique else part.kind
        return self.run(layout.table, text, f"{what} over {', '.join(part.columns)}")

    def commented(self, table: Table, was: Column | None, now: Column) -> Iterator[Step]:
        """What the type does not tell, where that changes."""
        said, before = comment_of(now.type, self.backend), comment_of(was.type, self.backend) if was else ""
        if said != before:
            yield self.run(table, comment_on(table, now.name, said, self.backend), f"{now.name} says its type")


@dataclass(frozen=True)
class _Altered:
    """The columns of one table, which has its new name, and so have they."""

    plan: _Plan
    one: Delta

    @property
    def table(self) -> Table:
        return self.one.new.table

    def all(self) -> Iterator[Step]:
        one, new = self.one, self.one.new
        for was, now in one.pairs:
            if was.type != now.type:
                yield from self._type(was, now)
            if new.optional(now) and not one.old.optional(was):
                yield self._column(now, "DROP NOT NULL", "may be empty")
            yield from self.plan.commented(self.table, was, now)
        for column in (c for c in one.coming if not c.formula):
            yield from self._added(column)
        for was, now in one.pairs:
            if one.old.optional(was) and not new.optional(now):
                yield from self._required(now)
            if one.counts_anew(now):
                yield from self._made(now)
        for column in (c for c in one.coming if c.formula):
            yield from self._texts(add_column(new, column, self.plan.backend), f"{column.name} is added")

    def _column(self, column: Column, words: str, what: str) -> Run:
        place = f"ALTER TABLE {self.plan.place(self.table)} ALTER COLUMN {self.plan.backend.ident(column.name)}"
        return self.plan.run(self.table, f"{place} {words}", f"{column.name} {what}")

    def _texts(self, texts: tuple[str, ...], what: str) -> Iterator[Step]:
        return (self.plan.run(self.table, text, what) for text in texts)

    def _type(self, was: Column, now: Column) -> Iterator[Step]:
        backend, what = self.plan.backend, f"becomes {type_words(now.type)}"
        yield from self._texts(beforehand(was, now, backend), what)
        value = converted(was, now, backend)
        if not lossless(was.type, now.type) or was.type.item:
            yield checks.convertible(self.table, now, value, backend)
        if declared(was.type, backend) != declared(now.type, backend):
            yield self._column(now, f"TYPE {declared(now.type, backend)} USING {value.text}", what)

    def _added(self, column: Column) -> Iterator[Step]:
        """A required one is filled before it is required."""
        backend, new = self.plan.backend, self.one.new
        if new.optional(column) or column.name == new.counted or default_text(column):
            yield from self._texts(add_column(new, column, backend), f"{column.name} is added")
            return
        value = fill(column, backend)
        if value is None:
            yield checks.empty(self.table, column, backend)
            yield from self._texts(add_column(new, column, backend), f"{column.name} is added")
            return
        free = Layout(new.table, (_optional(column),))
        yield from self._texts(add_column(free, free.columns[0], backend), f"{column.name} is added")
        yield self._fill(column, value)
        yield self._column(column, "SET NOT NULL", "must not be empty")

    def _fill(self, column: Column, value: Fragment) -> Run:
        name, place = ident(self.plan.backend, column.name), Fragment(self.plan.place(self.table))
        return run(sql("UPDATE {0} SET {1} = {2} WHERE {1} IS NULL", place, name, value), self.table, "is filled")

    def _required(self, column: Column) -> Iterator[Step]:
        value = fill(column, self.plan.backend)
        if value is not None:
            yield self._fill(column, value)
        yield checks.filled(self.table, column, self.plan.backend)
        yield self._column(column, "SET NOT NULL", "must not be empty")

    def _made(self, column: Column) -> Iterator[Step]:
        """Numbers of the database's own, from where the rows are; or a default of its own."""
        if column.name == self.one.new.counted:
            yield self._column(column, "ADD GENERATED BY DEFAULT AS IDENTITY", "is numbered")
            if advance := self.plan.backend.advance(self.table, column):
                yield run(advance, self.table, f"{column.name} is numbered on")
        elif default := default_text(column):
            yield self._column(column, f"SET{default}", "has another default")


def _optional(column: Column) -> Column:
    return Column(column.name, column.type, nullable=True)
