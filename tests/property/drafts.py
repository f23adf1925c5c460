"""Layouts that change at random, a little at a time.

In: a source of randomness, the layouts of a database. Out: `Change`s to other layouts that can be: references lead to keys
or uniques of their type, keys are of types that can be keys.
"""

import random
from dataclasses import dataclass, field, replace

from sql import formulas
from sql.catalog import Column, Default, Table
from sql.evolution import Change
from sql.introspection import ForeignKey, Index
from sql.layout import Layout
from sql.types import TYPES, Type, array_of
from tests.property.values import literals

SCALARS = [Type(name) for name in TYPES if name not in ("array", "range", "enum", "bytes", "decimal")]
ALL = [
    *SCALARS,
    Type("decimal", precision=8, scale=2),
    Type("decimal", precision=12, scale=3),
    Type("decimal"),
    Type("enum", values=("a", "12")),
    Type("enum", values=("a", "12", "it's")),
    array_of(Type("text")),
    array_of(Type("string")),
    array_of(Type("integer")),
]
KEYS = frozenset({"integer", "bigint", "string", "text", "uuid", "date", "citext"})
REFERABLE = frozenset({"integer", "bigint", "uuid", "text"})
UNIQUE = frozenset(TYPES) - {"json", "array", "range", "bytes"}
WORDS = ("a", "b", "a_b", "Größe", "b c", 'q"t', "100%s", "select", "id", "c", "x" * 60)
TABLES = ("one", "two", "one_a", "Größe %", "t__a", "order", "ü" * 30, "it's")
ACTIONS = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL")


@dataclass(eq=False)
class Draft:
    """A layout to be. `was`: column → what it is called in the old layout; a reference leads to a draft and a column."""

    name: str
    old: Layout | None
    columns: dict[str, Column] = field(default_factory=dict)
    was: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    uniques: list[tuple[str, ...]] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    references: list[tuple[str, "Draft", str, str]] = field(default_factory=list)
    gone: bool = False


class Drafting:
    """All tables of a database, being changed."""

    def __init__(self, source: random.Random, layouts: dict[str, Layout]) -> None:
        self.source = source
        self.drafts = [self._draft(layout) for layout in layouts.values()]
        by_name = {draft.name: draft for draft in self.drafts}
        for draft in self.drafts:
            for key in draft.old.references if draft.old else ():
                draft.references.append(
                    (key.columns[0], by_name[key.target.name], key.target_columns[0], key.on_delete)
                )

    def _draft(self, layout: Layout) -> Draft:
        columns = {column.name: column for column in layout.columns}
        was = {name: name for name in columns}
        return Draft(layout.table.name, layout, columns, was, layout.key, [*layout.uniques], [*layout.indexes])

    @property
    def here(self) -> list[Draft]:
        return [draft for draft in self.drafts if not draft.gone]

    def changed(self) -> list[Change]:
        """Some random changes, as far as they go together."""
        for _ in range(self.source.choice((1, 1, 2, 3, 5))):
            if not self.here:
                self.add_table()
            self.source.choice(OPERATIONS)(self, self.source.choice(self.here))
        for draft in self.here:
            self._settle(draft)
        for _ in self.here:  # a reference falls with the key that it leads to
            for draft in self.here:
                draft.references = [link for link in draft.references if self._leads(draft, link)]
        return [change for draft in self.drafts for change in self._change(draft)]

    def _settle(self, draft: Draft) -> None:
        columns = draft.columns
        for name, was in draft.was.items():  # the text of JSON is another one on each database
            if draft.old and draft.old.column(was).type.name == "json" and columns[name].type.family == "text":
                columns[name] = replace(columns[name], type=Type("json"), default=None)
        for name, column in [*columns.items()]:
            if column.formula and not self._computes(column, columns):
                del columns[name]
                draft.was.pop(name, None)
        if all(column.formula for column in columns.values()):
            columns["id"] = Column("id", Type("integer"))
            draft.was.pop("id", None)
        if not {*draft.key} <= {n for n, c in columns.items() if c.type.name in KEYS and not c.formula}:
            draft.key = ()
        unique = {name for name, column in columns.items() if column.type.name in UNIQUE}
        draft.uniques = [u for u in dict.fromkeys(draft.uniques) if {*u} <= unique and u != draft.key]
        draft.indexes = [i for i in draft.indexes if {*i.columns} <= (unique if i.unique else {*columns})]
        for name, column in columns.items():
            counts = column.default is not None and column.default.kind == "increment"
            if counts and (column.type.name not in ("integer", "bigint") or draft.key != (name,)):
                columns[name] = replace(column, default=None)

    def _computes(self, column: Column, columns: dict[str, Column]) -> bool:
        of = columns.get(formulas.names(column.formula)[0])
        if of is None or of.formula or _formula(of) != column.formula:
            return False
        return formulas.derived(column.formula, columns) == column.type

    def _leads(self, draft: Draft, link: tuple[str, Draft, str, str]) -> bool:
        column, target, there, action = link
        if target.gone or column not in draft.columns or there not in target.columns:
            return False
        mine, other = draft.columns[column], target.columns[there]
        known = there in target.was or column not in draft.was
        nullable = action != "SET NULL" or (mine.nullable and column not in draft.key)
        plain = not mine.formula and not other.formula
        keyed = target.key == (there,) or (there,) in target.uniques
        return mine.type == other.type and mine.type.name in REFERABLE and plain and keyed and known and nullable

    def _change(self, draft: Draft) -> list[Change]:
        if draft.gone:
            return [Change(draft.old, None)] if draft.old else []
        keys = [ForeignKey((c,), Table(t.name), (there,), action) for c, t, there, action in draft.references]
        new = Layout(
            Table(draft.name),
            tuple(draft.columns.values()),
            draft.key,
            tuple(draft.uniques),
            tuple(draft.indexes),
            tuple(dict.fromkeys(keys)),
        )
        return [Change(draft.old, new, {name: was for name, was in draft.was.items() if name != was})]

    def _free(self, taken: object, words: tuple[str, ...]) -> str | None:
        free = [word for word in words if word not in taken]  # type: ignore[operator]
        return self.source.choice(free) if free else None

    # -------------------------------------------------------- operations

    def add_table(self, _: Draft | None = None) -> None:
        name = self._free({draft.name for draft in self.here}, TABLES)
        if name is None or len(self.here) > 2:
            return
        made = Draft(name, None)
        self.drafts.append(made)
        if self.source.random() < 0.8:
            made.columns["id"] = Column("id", Type("integer"), nullable=False, default=Default("increment"))
            made.key = ("id",)
        for _ in range(self.source.randint(1, 4)):
            self.add_column(made)

    def drop_table(self, draft: Draft) -> None:
        if self.source.random() < 0.3:
            draft.gone = True

    def rename_table(self, draft: Draft) -> None:
        other = self.source.choice(self.here)
        if other is not draft and self.source.random() < 0.5:
            draft.name, other.name = other.name, draft.name
            return
        draft.name = self._free({draft.name for draft in self.here}, TABLES) or draft.name

    def add_column(self, draft: Draft) -> None:
        name = self._free(draft.columns, WORDS)
        if name is not None:
            draft.columns[name] = self._column(name)
            draft.was.pop(name, None)

    def _column(self, name: str) -> Column:
        type = self.source.choice(ALL)
        return Column(name, type, self.source.random() < 0.7, default=self._default(type))

    def _default(self, type: Type) -> Default | None:
        kinds: list[Default | None] = [None, Default("literal", self.source.choice(literals(type))), Default("caller")]
        if type.family in ("date", "time", "datetime"):
            kinds.append(Default("now"))
        if type.name in ("uuid", "text", "string"):
            kinds.append(Default("uuid"))
        return self.source.choice(kinds)

    def drop_column(self, draft: Draft) -> None:
        if draft.columns:
            name = self.source.choice([*draft.columns])
            del draft.columns[name]
            draft.was.pop(name, None)

    def rename_column(self, draft: Draft) -> None:
        if not draft.columns:
            return
        name = self.source.choice([*draft.columns])
        new = self.source.choice(WORDS)
        self._rename(draft, {name: new, new: name} if new in draft.columns else {name: new})

    def _rename(self, draft: Draft, names: dict[str, str]) -> None:
        def now(columns: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(column, column) for column in columns)

        draft.columns = {names.get(n, n): replace(column, name=names.get(n, n)) for n, column in draft.columns.items()}
        draft.was = {names.get(name, name): was for name, was in draft.was.items()}
        draft.key, draft.uniques = now(draft.key), [now(unique) for unique in draft.uniques]
        draft.indexes = [replace(index, columns=now(index.columns)) for index in draft.indexes]
        for other in self.drafts:
            other.references = [
                (
                    names.get(c, c) if other is draft else c,
                    target,
                    names.get(there, there) if target is draft else there,
                    action,
                )
                for c, target, there, action in other.references
            ]

    def retype(self, draft: Draft) -> None:
        if draft.columns:
            name = self.source.choice([*draft.columns])
            type = self.source.choice(ALL)
            column = Column(name, type, draft.columns[name].nullable, default=self._default(type))
            draft.columns[name] = column

    def reword(self, draft: Draft) -> None:
        worded = [name for name, column in draft.columns.items() if column.type.name == "enum"]
        if worded:
            name = self.source.choice(worded)
            words = self.source.choice((("a", "12"), ("a", "12", "it's"), ("12", "a", "%s"), ("a",)))
            draft.columns[name] = replace(draft.columns[name], type=Type("enum", values=words), default=None)

    def widen_key(self, draft: Draft) -> None:
        """From integer to bigint or back, with all that refer to it."""
        if len(draft.key) != 1 or draft.columns.get(draft.key[0]) is None:
            return
        column = draft.columns[draft.key[0]]
        if column.type.name not in ("integer", "bigint"):
            return
        type = Type("bigint" if column.type.name == "integer" else "integer")
        draft.columns[column.name] = replace(column, type=type)
        for other in self.here:
            for name, target, there, _ in other.references:
                if target is draft and there == column.name and name in other.columns:
                    other.columns[name] = replace(other.columns[name], type=type, default=None)

    def compute(self, draft: Draft) -> None:
        """A column from a formula, or one that is none any more."""
        computed = [name for name, column in draft.columns.items() if column.formula]
        if computed and self.source.random() < 0.3:
            name = self.source.choice(computed)
            draft.columns[name] = replace(draft.columns[name], formula="", generated=False)
            return
        plain = {n: c for n, c in draft.columns.items() if not c.formula}
        name, fitting = self.source.choice(WORDS), [n for n, c in plain.items() if _formula(c)]
        if fitting and {*plain} - {name} and (of := self.source.choice(fitting)) != name:
            formula = _formula(plain[of])
            type = formulas.derived(formula, plain)
            draft.columns[name] = Column(name, type, generated=True, formula=formula)
            if self.source.random() < 0.5:
                draft.was.pop(name, None)

    def require(self, draft: Draft) -> None:
        if draft.columns:
            name = self.source.choice([*draft.columns])
            draft.columns[name] = replace(draft.columns[name], nullable=not draft.columns[name].nullable)

    def rekey(self, draft: Draft) -> None:
        names = self.source.sample([*draft.columns], min(len(draft.columns), self.source.choice((0, 1, 1, 2))))
        draft.key = tuple(names)
        if len(names) == 1 and self.source.random() < 0.5:
            draft.columns[names[0]] = replace(draft.columns[names[0]], default=Default("increment"))

    def unique(self, draft: Draft) -> None:
        if draft.uniques and self.source.random() < 0.4:
            draft.uniques.pop(self.source.randrange(len(draft.uniques)))
        elif draft.columns:
            size = min(len(draft.columns), self.source.choice((1, 1, 2)))
            draft.uniques.append(tuple(self.source.sample([*draft.columns], size)))

    def index(self, draft: Draft) -> None:
        if draft.indexes and self.source.random() < 0.5:
            place = self.source.randrange(len(draft.indexes))
            index = draft.indexes.pop(place)
            if self.source.random() < 0.5:
                draft.indexes.append(replace(index, name=index.name + "_"))
        elif draft.columns:
            names = {
                index.name for one in self.drafts for index in [*one.indexes, *(one.old.indexes if one.old else ())]
            }
            size = min(len(draft.columns), self.source.choice((1, 1, 2)))
            columns = tuple(self.source.sample([*draft.columns], size))
            name = next(f"i{number}" for number in range(1000) if not any(n.startswith(f"i{number}") for n in names))
            draft.indexes.append(Index(name, columns, self.source.random() < 0.2))

    def refer(self, draft: Draft) -> None:
        if draft.references and self.source.random() < 0.4:
            draft.references.pop(self.source.randrange(len(draft.references)))
            return
        targets = [t for t in self.here if len(t.key) == 1 and t.key[0] in t.columns]
        if not targets:
            return
        target = self.source.choice(targets)
        there = target.columns[target.key[0]]
        fitting = [name for name, column in draft.columns.items() if column.type == there.type]
        name = self.source.choice(fitting) if fitting else self._free(draft.columns, WORDS)
        if name is None or there.type.name not in REFERABLE or any(link[0] == name for link in draft.references):
            return
        if name not in draft.columns:
            draft.columns[name] = Column(name, there.type)
            draft.was.pop(name, None)
        draft.references.append((name, target, there.name, self.source.choice(ACTIONS)))


def _formula(column: Column) -> str:
    """Something over one column; empty where there is nothing."""
    name = '"' + column.name.replace('"', '""') + '"'
    return {"text": f"{name} || 'x'", "string": f"{name} || 'x'", "integer": f"{name} + 1"}.get(column.type.name, "")


OPERATIONS = (
    Drafting.add_table,
    Drafting.drop_table,
    Drafting.rename_table,
    *[Drafting.add_column] * 3,
    Drafting.drop_column,
    *[Drafting.rename_column] * 2,
    *[Drafting.retype] * 4,
    Drafting.widen_key,
    Drafting.reword,
    Drafting.require,
    Drafting.rekey,
    *[Drafting.unique] * 2,
    *[Drafting.index] * 2,
    *[Drafting.refer] * 3,
    *[Drafting.compute] * 3,
)
