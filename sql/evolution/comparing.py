"""What is different between two layouts of a table, in the order in which it is told.

In: the old layout and the new one, and which columns were renamed. Out: `Difference`s; none where both make the same
table. References in the old layout lead to tables and columns as they are called afterwards (`followed`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sql.catalog import Column, Table
from sql.evolution.changes import NOTHING, Change, Difference, Kind
from sql.evolution.computed import alike
from sql.evolution.lossless import lossless
from sql.evolution.names import Names, names_of
from sql.introspection import ForeignKey
from sql.layout import Layout
from sql.sqlite.storage import CANONICAL
from sql.types import Type


def differences(old: Layout | None, new: Layout | None, renamed: Mapping[str, str] = NOTHING) -> tuple[Difference, ...]:
    """Everything that changes. `renamed`: new name of a column → the old one."""
    if old is None or new is None:
        return tuple(_whole(old, new))
    return tuple(_Compared(old, new, names_of(old, new, renamed)).all())


def followed(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes with the references of the old layouts led to where tables and columns are after all of them."""
    moved = {
        change.old.table: (change.new.table, names_of(change.old, change.new, change.renamed))
        for change in changes
        if change.old and change.new
    }
    return tuple(_followed(change, moved) for change in changes)


def _followed(change: Change, moved: Mapping[Table, tuple[Table, Names]]) -> Change:
    if change.old is None:
        return change
    references = tuple(_led(key, moved) for key in change.old.references)
    return replace(change, old=replace(change.old, references=references))


def _led(key: ForeignKey, moved: Mapping[Table, tuple[Table, Names]]) -> ForeignKey:
    if key.target not in moved:
        return key
    table, names = moved[key.target]
    return replace(key, target=table, target_columns=names.moved(key.target_columns) or key.target_columns)


def _whole(old: Layout | None, new: Layout | None) -> Iterator[Difference]:
    if new is not None:
        yield Difference("create table", new.table, f"the table {new.table.name} is made")
    elif old is not None:
        yield Difference("drop table", old.table, f"the table {old.table.name} is dropped with its rows", loses=True)


def type_words(type: Type) -> str:
    """A type as definitions say it."""
    if type.item is not None:
        return f"{type.name} of {type_words(type.item)}"
    if type.name == "decimal" and type.precision is not None:
        return f"decimal({type.precision},{type.scale or 0})"
    return type.name


def made_by(layout: Layout, column: Column) -> str:
    """What the database itself gives where a row has no value."""
    if column.name == layout.counted:
        return "its own numbers"
    default = column.default
    return str(default.value) if default is not None and default.kind == "sql" else ""


def storage_of(column: Column) -> str | None:
    """How SQLite keeps the times of a column."""
    return column.storage or CANONICAL.get(column.type.name)


@dataclass(frozen=True)
class _Compared:
    old: Layout
    new: Layout
    names: Names

    def all(self) -> Iterator[Difference]:
        if self.old.table != self.new.table:
            yield self._said("rename table", f"the table {self.old.table.name} becomes {self.new.table.name}")
        yield from self._gone()
        for column in self.new.columns:
            was = self.names.was.get(column.name)
            yield from self._column(self.old.column(was), column) if was is not None else self._added(column)
        if self.names.moved(self.old.key) != self.new.key:
            yield self._said("key", f"the key becomes {_list(self.new.key)}")
        yield from self._uniques()
        yield from self._indexes()
        yield from self._references()

    def _said(self, kind: Kind, words: str, *, column: str = "", loses: bool = False) -> Difference:
        return Difference(kind, self.new.table, words, loses, column)

    def _gone(self) -> Iterator[Difference]:
        for column in self.old.columns:
            if column.name not in self.names.now:
                words = f"{column.name} is dropped" + ("" if column.formula else " with its values")
                yield self._said("drop column", words, column=column.name, loses=not column.formula)

    def _added(self, column: Column) -> Iterator[Difference]:
        words = "is computed" if column.formula else "must have a value" if not self.new.optional(column) else ""
        text = f"{column.name} is added as {type_words(column.type)}{' and ' if words else ''}{words}"
        yield self._said("add column", text, column=column.name)

    def _column(self, was: Column, now: Column) -> Iterator[Difference]:
        name = now.name
        if was.name != name:
            yield self._said("rename column", f"{was.name} becomes {name}", column=name)
        yield from self._types(was, now)
        if not alike(was, now, self.names):
            words = f"{name} is computed as {now.formula}" if now.formula else f"{name} is no longer computed"
            yield self._said("formula", words, column=name, loses=not was.formula)
        if (optional := self.new.optional(now)) != self.old.optional(was):
            yield self._said("required", f"{name} {'may be' if optional else 'must not be'} empty", column=name)
        if (made := made_by(self.new, now)) != made_by(self.old, was):
            yield self._said("default", f"{name} has {made or 'no value'} of the database's own", column=name)

    def _types(self, was: Column, now: Column) -> Iterator[Difference]:
        loses = not lossless(was.type, now.type) and not (was.formula and now.formula)
        if was.type.name == now.type.name == "enum":
            if was.type.values != now.type.values:
                yield self._said(
                    "words", f"{now.name} is one of {_list(now.type.values)}", column=now.name, loses=loses
                )
        elif was.type != now.type:
            words = f"{now.name} becomes {type_words(now.type)}, and was {type_words(was.type)}"
            yield self._said("type", words, column=now.name, loses=loses)
        elif storage_of(was) != storage_of(now):
            loses = storage_of(now) not in ("mixed", CANONICAL.get(now.type.name))
            yield self._said("storage", f"{now.name} is kept as {storage_of(now)}", column=now.name, loses=loses)

    def _uniques(self) -> Iterator[Difference]:
        old = [self.names.moved(unique) or () for unique in self.old.uniques]
        for unique in self.old.uniques:
            if self.names.moved(unique) not in self.new.uniques:
                yield self._said("drop unique", f"{_list(unique)} need not be unique")
        for unique in dict.fromkeys(self.new.uniques):
            if unique not in old:
                yield self._said("add unique", f"{_list(unique)} must be unique")

    def _indexes(self) -> Iterator[Difference]:
        old = {index.name: (self.names.moved(index.columns), index.unique) for index in self.old.indexes}
        new = {index.name: (index.columns, index.unique) for index in self.new.indexes}
        left = {name: what for name, what in old.items() if new.get(name) != what}
        for name, (columns, unique) in new.items():
            if old.get(name) == (columns, unique):
                continue
            before = next((other for other, what in left.items() if what == (columns, unique)), None)
            if before is not None:
                left.pop(before)
                yield self._said("rename index", f"the index {before} becomes {name}")
            else:
                yield self._said("add index", f"{'a unique' if unique else 'an'} index {name} over {_list(columns)}")
        yield from (self._said("drop index", f"the index {name} is dropped") for name in left)

    def _references(self) -> Iterator[Difference]:
        old = [replace(key, columns=self.names.moved(key.columns) or ()) for key in self.old.references]
        for was, key in zip(self.old.references, old, strict=True):
            if key not in self.new.references:
                yield self._said("drop reference", f"{_list(was.columns)} need not refer to {was.target.name}")
        for key in dict.fromkeys(self.new.references):
            if key not in old:
                words = f"{_list(key.columns)} must refer to {key.target.name}, on delete {key.on_delete.lower()}"
                yield self._said("add reference", words)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
