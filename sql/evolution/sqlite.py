"""How tables change on SQLite: ALTER TABLE where it can, else a new table in the place of the old one.

In: changes of tables that belong together. Out: steps, in order. Keys, references and checks stand in CREATE TABLE and
have no names; indexes are made again under their new ones. References of others follow a rename, and hold again when
the transaction ends (`Database.evolving`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sql.backend import Backend
from sql.catalog import Column, Table
from sql.ddl import WORDING, add_column, create_bare, create_table, declared, default_text, refers
from sql.ddl import index as index_text
from sql.evolution import checks
from sql.evolution.changes import Change
from sql.evolution.comparing import storage_of
from sql.evolution.conversions import converted
from sql.evolution.delta import Delta, delta
from sql.evolution.filling import fill
from sql.evolution.lossless import lossless
from sql.evolution.ordering import in_order
from sql.evolution.steps import Rebuild, Run, Step, run
from sql.fragment import Fragment, ident, join, sql
from sql.layout import Layout
from sql.parts import Part, parts

_NEW = "_dragoman_rebuilt"
_WITHIN = frozenset({"key", "check", "reference"})


def steps(changes: Sequence[Change], backend: Backend, grown: frozenset[Table]) -> Iterator[Step]:
    """All steps. `grown`: tables (old names) with uniques that are no index of ours, and can only go with the table."""
    tables = [
        _Table(backend, one, grown)
        for change in changes
        if change.old and change.new
        for one in [delta(change, backend)]
    ]
    for table in tables:
        yield from table.indexes_gone()
    for change in changes:
        if change.old and not change.new:
            name = backend.ident(change.old.table.name)
            yield Run(f"DROP TABLE {name}", change.old.table.name, "is dropped")
    called = {table.one.old.table.name: table.one.new.table.name for table in tables}
    for old, new in in_order(called, folded=True):
        yield Run(f"ALTER TABLE {backend.ident(old)} RENAME TO {backend.ident(new)}", old, f"is called {new}")
    for table in tables:  # all of them: a reference that is new would follow a rename
        yield from table.renamed()
    for table in tables:
        yield from table.changed()
    for change in changes:
        if change.new and not change.old:
            yield from (Run(text, change.new.table.name, "is made") for text in create_table(change.new, backend))
    for table in tables:
        yield from table.indexes_made()
    for table in tables:
        yield from table.referring()


@dataclass(frozen=True)
class _Table:
    backend: Backend
    one: Delta
    grown: frozenset[Table]

    @property
    def table(self) -> Table:
        return self.one.new.table

    @property
    def name(self) -> str:
        return self.backend.ident(self.table.name)

    def run(self, text: str, what: str) -> Run:
        return Run(text, self.table.name, what)

    # -------------------------------------------------------- indexes

    def indexes_gone(self) -> Iterator[Step]:
        """Those that go, are called otherwise, or stand on a table that is built anew."""
        off = [part for part in self.one.gone if part.kind not in _WITHIN]
        off += [old for old, new in self.one.kept if old.kind not in _WITHIN and self._moved(old, new)]
        for part in off:
            yield Run(
                f"DROP INDEX IF EXISTS {self.backend.ident(part.name)}", self.one.old.table.name, "loses an index"
            )

    def indexes_made(self) -> Iterator[Step]:
        """Those that come, and those that stay on what was built anew."""
        coming = [part for part in self.one.added if part.kind not in _WITHIN]
        coming += [new for old, new in self.one.kept if new.kind not in _WITHIN and self._moved(old, new)]
        for part in coming:
            text = index_text(self.one.new, part, self.backend)
            yield self.run(text, f"{'unique' if part.unique else 'index'} over {', '.join(part.columns)}")

    def _moved(self, old: Part, new: Part) -> bool:
        return old.name != new.name or self.rebuilt

    def referring(self) -> Iterator[Step]:
        """That rows refer to what is there, now that all is there."""
        for part in self.one.added:
            if part.reference is not None:
                yield checks.referring(self.table, part.reference, self.backend)

    # -------------------------------------------------------- columns

    @property
    def rebuilt(self) -> bool:
        """Whether ALTER TABLE cannot do it."""
        one = self.one
        return (
            bool(one.dropped)
            or any(self._differs(was, now) for was, now in one.pairs)
            or any(not self._addable(column) for column in one.coming)
            or any(part.kind in _WITHIN for part in one.gone)
            or any(part.kind in _WITHIN and part not in self._inline for part in one.added)
            or (one.old.table in self.grown and bool(one.gone or any(a.name != b.name for a, b in one.kept)))
        )

    def _differs(self, was: Column, now: Column) -> bool:
        one = self.one
        return (
            self._declared(one.old, was) != self._declared(one.new, now)
            or storage_of(was) != storage_of(now)
            or bool(was.formula) != bool(now.formula)
        )

    def _declared(self, layout: Layout, column: Column) -> str:
        """All that CREATE TABLE says of a column but its name."""
        if column.name == layout.counted:
            return WORDING["sqlite"].counting
        required = " NOT NULL" if not layout.optional(column) else ""
        return f"{declared(column.type, self.backend)}{required}{default_text(column)}{column.type.values}"

    def _addable(self, column: Column) -> bool:
        new = self.one.new
        return bool(column.formula) or (new.optional(column) and not default_text(column))

    @property
    def _inline(self) -> tuple[Part, ...]:
        """Parts that a column brings along when it is added."""
        coming = {column.name for column in self.one.coming}
        alone = [part for part in self.one.added if part.kind != "key" and {*part.columns} <= coming]
        return tuple(part for part in alone if len(part.columns) == 1 and part.kind in _WITHIN)

    def renamed(self) -> Iterator[Step]:
        """The columns that stay are called as they will be; the table is already."""
        for old, new in in_order(self._renames(), folded=True):
            text = f"ALTER TABLE {self.name} RENAME COLUMN {self.backend.ident(old)} TO {self.backend.ident(new)}"
            yield self.run(text, f"{old} is called {new}")

    def changed(self) -> Iterator[Step]:
        """The columns as they will be."""
        if self.rebuilt:
            yield from self._rebuilt()
            return
        for column in self.one.coming:
            (text,) = add_column(self.one.new, column, self.backend)
            yield self.run(text + self._inline_reference(column), f"{column.name} is added")

    def _renames(self) -> dict[str, str]:
        """What goes makes room for who takes its name."""
        renames = self.one.renames
        taken = {new for old, new in renames.items() if old != new}
        gone = [column.name for column in self.one.dropped if column.name in taken]
        return {**{name: f"{_NEW}_{number}" for number, name in enumerate(gone)}, **renames}

    def _inline_reference(self, column: Column) -> str:
        keys = [part.reference for part in self._inline if part.reference and part.columns == (column.name,)]
        return "".join(" " + refers(key, self.backend) for key in keys)

    # -------------------------------------------------------- a table in the place of another

    def _rebuilt(self) -> Iterator[Step]:
        checked = [*self._checks()]
        yield from checked
        new = self.one.new
        made = replace(new, table=Table(_NEW))
        within = [part for part in parts(new, "sqlite") if part.kind in ("key", "reference")]
        texts = [
            self.run("PRAGMA legacy_alter_table=ON", "is built anew"),
            self.run(create_bare(made, self.backend, within), "is built anew"),
            run(self._copied(), self.table, "is built anew"),
            *self._counter(),
            self.run(f"DROP TABLE {self.name}", "is built anew"),
            self.run(f"ALTER TABLE {self.backend.ident(_NEW)} RENAME TO {self.name}", "is built anew"),
            self.run("PRAGMA legacy_alter_table=OFF", "is built anew"),
        ]
        gone = tuple(self._renames().get(column.name, column.name) for column in self.one.dropped)
        yield Rebuild(self.table, gone, tuple(texts))

    def _checks(self) -> Iterator[Step]:
        one = self.one
        for was, now in one.pairs:
            if self._converts(was, now) and (not lossless(was.type, now.type) or was.type.item):
                yield checks.convertible(self.table, now, converted(was, now, self.backend), self.backend)
            if one.old.optional(was) and not one.new.optional(now) and fill(now, self.backend) is None:
                yield checks.filled(self.table, now, self.backend)
        for column in one.coming:
            if self._needs(column) and fill(column, self.backend) is None:
                yield checks.empty(self.table, column, self.backend)

    def _needs(self, column: Column) -> bool:
        new = self.one.new
        given = column.formula or column.name == new.counted or default_text(column)
        return not new.optional(column) and not given

    def _converts(self, was: Column, now: Column) -> bool:
        return was.type != now.type or storage_of(was) != storage_of(now)

    def _copied(self) -> Fragment:
        """Each row with what its new columns hold. Those that nothing is said of get what the database gives."""
        values = [(now, self._value(was, now)) for was, now in self.one.pairs if not now.formula]
        values += [(column, value) for column in self.one.coming if (value := self._new_value(column)) is not None]
        names = join(", ", [ident(self.backend, column.name) for column, _ in values])
        taken = join(", ", [value for _, value in values])
        new, old = ident(self.backend, _NEW), ident(self.backend, self.table.name)
        if not values:  # rows without a value are rows, too
            plain = next(column for column in self.one.new.columns if not column.formula)
            names, taken = ident(self.backend, plain.name), sql("NULL")
        return sql("INSERT INTO {} ({}) SELECT {} FROM {}", new, names, taken, old)

    def _new_value(self, column: Column) -> Fragment | None:
        if column.default is not None and default_text(column):
            return Fragment(f"({column.default.value})")
        return fill(column, self.backend) if self._needs(column) else None

    def _value(self, was: Column, now: Column) -> Fragment:
        value = ident(self.backend, now.name)
        if self._converts(was, now):
            value = converted(was, now, self.backend)
        if self.one.old.optional(was) and not self.one.new.optional(now):
            filled = fill(now, self.backend)
            return value if filled is None else sql("coalesce({}, {})", value, filled)
        return value

    def _counter(self) -> Iterator[Run]:
        """The numbers go on where they were, also behind rows that are gone."""
        if self.one.new.counted is None or self.one.old.counted is None:
            return
        new, old = (f"'{name.replace(chr(39), chr(39) * 2)}'" for name in (_NEW, self.table.name))
        yield self.run(f"DELETE FROM sqlite_sequence WHERE name = {new}", "is built anew")
        text = f"INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
        yield self.run(text, "is built anew")
