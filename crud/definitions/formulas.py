"""What definitions say of computed columns: the types that follow, and what is wrong with a formula.

In: the fields of one definition. Out: the fields with types; problems with positions. Columns that only the database
knows are looked at when the table is: here a formula that speaks of such is only read.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from crud.definitions.declared import FieldDefinition, ResourceDefinition
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from sql import formulas
from sql.catalog import Column
from sql.errors import BadFormula
from sql.types import TYPES

# What belongs to a value that somebody writes.
_WRITTEN = ("required", "key", "has_default", "references", "auto", "storage", "write_only")
_WORDS = {"has_default": "default"}


def typed(fields: list[FieldDefinition]) -> list[FieldDefinition]:
    """The fields, computed ones with the type that follows from their formula where they say none."""
    known = _columns(fields)
    for _ in range(len(fields)):
        waiting = [field for field in fields if field.formula and field.name not in known]
        found = {field.name: made for field in waiting if (made := _derived(field, known))}
        if not found:
            break
        known |= found
    return [replace(f, type=known[f.name].type) if f.formula and f.name in known else f for f in fields]


def _derived(field: FieldDefinition, known: Mapping[str, Column]) -> Column | None:
    try:
        return Column(field.name, formulas.derived(field.formula, known), generated=True, formula=field.formula)
    except BadFormula:
        return None


def _columns(fields: list[FieldDefinition] | tuple[FieldDefinition, ...]) -> dict[str, Column]:
    return {
        field.name: Column(field.name, field.type, formula=field.formula, write_only=field.write_only)
        for field in fields
        if field.type is not None and field.type.name in TYPES
    }


def check_formulas(definition: ResourceDefinition) -> Iterator[Problem]:
    """What can be told of the formulas of a definition without its table."""
    known = _columns(definition.fields)
    for field in definition.fields:
        if field.formula:
            yield from _misplaced(field, definition)
            yield from _check(field, known, {each.name: each.formula for each in definition.fields})


def _misplaced(field: FieldDefinition, definition: ResourceDefinition) -> Iterator[Problem]:
    said = [_WORDS.get(name, name) for name in _WRITTEN if getattr(field, name)]
    for name in [*said, *field.rules]:
        yield Problem("does not go with a formula: nobody writes the column", field.place / name)
    mark = definition.soft_delete.column if definition.soft_delete else None
    used = {"key": field.name in definition.key, "tenant": field.name == definition.tenant}
    for key, wrong in {**used, "soft_delete": field.name == mark}.items():
        if wrong and not field.key:
            yield Problem(f"{field.name!r} is computed: nobody writes it", definition.place / key)


def _check(field: FieldDefinition, known: Mapping[str, Column], said: Mapping[str, str]) -> Iterator[Problem]:
    try:
        named = formulas.names(field.formula)
        reached = set(_reached(named, said))
        if field.name in reached:
            raise BadFormula("goes round in a circle")
        if field.name in known and reached <= set(known):
            formulas.check(known[field.name], known)
        elif field.type is None and set(named) <= set(known):
            formulas.derived(field.formula, known)
    except BadFormula as error:
        yield bad_formula(field.formula, error, field.place)


def _reached(named: tuple[str, ...], said: Mapping[str, str]) -> Iterator[str]:
    """The columns of a formula, and of the formulas behind them."""
    seen: set[str] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            with suppress(BadFormula):  # told where it stands
                waiting += formulas.names(said[name]) if said.get(name) else ()


def bad_formula(text: str, error: BadFormula, place: Place) -> Problem:
    """The problem that a formula is."""
    return Problem(f"{text[:60]!r} {error}", place / "formula")
