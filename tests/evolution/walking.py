"""Random definitions and random changes of them: tables that refer to each other, with names as awkward as they come.

In: a `Draw` of hypothesis. Out: entities as a configuration writes them, and after each change what everything is called.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Entities = dict[str, dict[str, Any]]
Pick = Callable[[Any], Any]

TABLES = ("alpha", "Order Details", "select", "größe", 'quo"te', "it's 100%")
COLUMNS = ("a", "b c", "from", "naïve", 'x"y', "per%cent", "B")
TYPES: tuple[dict[str, Any], ...] = (
    *({"type": name} for name in ("integer", "bigint", "string", "text", "boolean", "number", "date", "datetime")),
    *({"type": name} for name in ("uuid", "json", "citext", "email", "epoch_ms", "time", "datetime_local")),
    {"type": "decimal", "precision": 10, "scale": 2},
    {"type": "enum", "values": ["1", "2", "x"]},
    {"type": "enum", "values": ["1", "2", "3", "x", "it's"]},
    {"type": "array", "items": "integer"},
)
DEFAULTS = {"integer": 1, "bigint": 2, "string": "s", "text": "t", "boolean": True, "date": "2020-01-01"}
KEYS: tuple[dict[str, Any], ...] = (
    {"type": "integer", "key": True, "default": "increment"},
    {"type": "bigint", "key": True, "auto": "increment"},
    {"type": "uuid", "key": True, "default": "uuid"},
)
ON_DELETE = ("cascade", "set null", "restrict", "no action")


@dataclass
class Changed:
    """Other entities, and what those tables and columns that stayed were called: new name → old name."""

    entities: Entities
    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def changed(pick: Pick, entities: Entities) -> Changed:
    """One change."""
    made = Changed(deepcopy(entities))
    if made.entities:
        pick(EDITS)(pick, made)
    else:
        add_entity(pick, made)
    made.tables = {name: each.get("renamed_from", name) for name, each in made.entities.items()}
    made.columns = {
        name: {column: said.get("renamed_from", column) for column, said in each["fields"].items()}
        for name, each in made.entities.items()
    }
    return made


def settled(entities: Entities) -> Entities:
    """The same, with renames behind them."""
    left = deepcopy(entities)
    for each in left.values():
        each.pop("renamed_from", None)
        for said in each["fields"].values():
            said.pop("renamed_from", None)
    return left


def value(said: Mapping[str, Any], number: int) -> object:
    """A value for a column, another for each number."""
    match said["type"]:
        case "boolean":
            return number % 2 == 0
        case "date":
            return f"2024-01-{number % 28 + 1:02}"
        case "datetime" | "datetime_local":
            return f"2024-01-{number % 28 + 1:02}T10:00:00{'Z' if said['type'] == 'datetime' else ''}"
        case "time":
            return f"10:00:{number % 60:02}"
        case "uuid":
            return f"00000000-0000-4000-8000-{number:012}"
        case "json":
            return {"n": number}
        case "email":
            return f"n{number}@example.com"
        case "enum":
            return said["values"][number % len(said["values"])]
        case "array":
            return [number]
        case "string" | "text" | "citext":
            return str(number)
        case _:
            return number


# ---------------------------------------------------------------- changes


def plain(entity: Mapping[str, Any]) -> list[str]:
    """Fields that are no key."""
    return [name for name, said in entity["fields"].items() if not said.get("key")]


def free(names: tuple[str, ...], taken: Any) -> list[str]:
    """Names that nobody has, in no case, since SQLite ignores it."""
    folded = {name.casefold() for name in taken}
    return [name for name in names if name.casefold() not in folded]


def some(pick: Pick, made: Changed) -> tuple[str, dict[str, Any]]:
    name = pick(sorted(made.entities))
    return name, made.entities[name]


def add_entity(pick: Pick, made: Changed) -> None:
    if names := free(TABLES, made.entities):
        name = pick(names)
        made.entities[name] = {"fields": {"id": dict(pick(KEYS))}}
        for _ in range(3):
            _add(pick, made.entities[name])


def drop_entity(pick: Pick, made: Changed) -> None:
    gone, _ = some(pick, made)
    del made.entities[gone]
    for entity in made.entities.values():
        for name in [n for n, said in entity["fields"].items() if said.get("references") == gone]:
            _forget(entity, name)


def rename_entity(pick: Pick, made: Changed) -> None:
    if names := free(TABLES, made.entities):
        old, new = some(pick, made)[0], pick(names)
        made.entities = {new if name == old else name: each for name, each in made.entities.items()}
        made.entities[new]["renamed_from"] = old
        for entity in made.entities.values():
            for said in entity["fields"].values():
                if said.get("references") == old:
                    said["references"] = new


def add_field(pick: Pick, made: Changed) -> None:
    _add(pick, some(pick, made)[1])


def _add(pick: Pick, entity: dict[str, Any]) -> None:
    if names := free(COLUMNS, entity["fields"]):
        said = dict(pick(TYPES))
        if pick((False, True)) and said["type"] in DEFAULTS:
            said |= {"required": True, "default": DEFAULTS[said["type"]]}
        entity["fields"][pick(names)] = said


def add_reference(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    if names := free(COLUMNS, entity["fields"]):
        said = {"references": pick(sorted(made.entities)), "on_delete": pick(ON_DELETE)}
        entity["fields"][pick(names)] = said


def drop_field(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    if names := plain(entity):
        _forget(entity, pick(names))


def _forget(entity: dict[str, Any], name: str) -> None:
    del entity["fields"][name]
    entity["unique"] = [each for each in entity.get("unique", ()) if name not in each]
    entity["indexes"] = [each for each in entity.get("indexes", ()) if name not in each["fields"]]


def rename_field(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    if (names := plain(entity)) and (others := free(COLUMNS, entity["fields"])):
        old, new = pick(names), pick(others)
        entity["fields"] = {new if name == old else name: said for name, said in entity["fields"].items()}
        entity["fields"][new]["renamed_from"] = old
        for each in (*entity.get("unique", ()), *(index["fields"] for index in entity.get("indexes", ()))):
            each[:] = [new if name == old else name for name in each]


def change_type(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    if names := [name for name in plain(entity) if "references" not in entity["fields"][name]]:
        entity["fields"][pick(names)] = dict(pick(TYPES))


def change_key(pick: Pick, made: Changed) -> None:
    some(pick, made)[1]["fields"]["id"] = dict(pick(KEYS))


def change_reference(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    if names := [name for name in plain(entity) if "references" in entity["fields"][name]]:
        entity["fields"][pick(names)] = {"references": pick(sorted(made.entities)), "on_delete": pick(ON_DELETE)}


def toggle_required(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    if names := plain(entity):
        said = entity["fields"][pick(names)]
        said["required"] = not said.get("required", False)


def toggle_unique(pick: Pick, made: Changed) -> None:
    _, entity = some(pick, made)
    fit = [name for name in plain(entity) if entity["fields"][name].get("type") not in ("json", "array")]
    if fit:
        columns = sorted({pick(fit), pick(fit)})
        uniques = entity.setdefault("unique", [])
        uniques.remove(columns) if columns in uniques else uniques.append(columns)


def toggle_index(pick: Pick, made: Changed) -> None:
    name, entity = some(pick, made)
    fit = [n for n in plain(entity) if entity["fields"][n].get("type") not in ("json", "array")]
    indexes = entity.setdefault("indexes", [])
    if indexes and pick((False, True)):
        indexes.pop()
    elif fit:
        index: dict[str, Any] = {"fields": sorted({pick(fit), pick(fit)}), "unique": pick((False, True))}
        taken = {
            each["name"] for other in made.entities.values() for each in other.get("indexes", ()) if "name" in each
        }
        if pick((False, True)) and f"by {name}" not in taken:
            index["name"] = f"by {name}"
        if index not in indexes:
            indexes.append(index)


EDITS = (
    *(add_entity, add_entity, drop_entity, rename_entity, add_field, add_reference, add_reference, drop_field),
    *(rename_field, change_type, change_type, change_key, change_reference, toggle_required, toggle_unique),
    toggle_index,
)
