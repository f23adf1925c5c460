"""The ways between collections: fields that are relations, as definitions say them.

In: a whole schema, and what is known of other collections. Out: the schema with the columns and indexes that its
relations need (`linked`); references of columns (`references`) and relations (`relations_of`) for its definition.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crud.dialects.baasix.schemas.documents import Written, columns, key_of, refused, relations
from crud.dialects.baasix.schemas.words import TYPES
from sql.catalog import LONGEST_NAME

Data = dict[str, Any]


@dataclass(frozen=True)
class End:
    """A collection as others refer to it: what definitions call it, its key, the word and values of the key's type.

    `own`: it was defined at run time; other ways from it are said in its own schema.
    """

    exact: str
    key: tuple[str, ...]
    word: str = "Integer"
    values: Mapping[str, Any] | None = None
    own: bool = True
    source: str = "default"

    @property
    def column(self) -> Data:
        """A column that refers to it."""
        return {"type": self.word, **({"values": dict(self.values)} if self.values else {})}


Ends = Callable[[str], End | None]


def end_of(exact: str, written: Written, source: str = "default") -> End:
    """The end that a schema makes."""
    key = key_of(written)
    field: Data = columns(written)[key[0]] if key else {"type": "Integer"}
    return End(exact, tuple(key), str(field["type"]), field.get("values"), source=source)


def linked(name: str, written: Written, ends: Ends) -> Written:
    """The schema with a column and an index for each foreign key that its relations name. Raises ApiError."""
    fields = dict(written["fields"])
    indexes = [index for index in written.get("indexes", []) if not _orphaned(name, index, fields)]
    for field_name, field in relations(written).items():
        if field["relType"] != "BelongsTo":
            continue
        end = target_of(field_name, field, ends)
        foreign = field.get("foreignKey") or f"{field_name}_id"
        fields[field_name] = {**field, "as": field.get("as", field_name), "foreignKey": foreign}
        fields.setdefault(foreign, {**end.column, "allowNull": True, "SystemGenerated": True})
        index = {"name": index_name(name, foreign), "fields": [foreign], "unique": False}
        # One whose name would be longer is made under a shorter one, and is not listed.
        if len(index_name(name, foreign).encode()) <= LONGEST_NAME and not _served(foreign, fields, indexes):
            indexes.append(index)
    return {**written, "fields": fields, "indexes": indexes}


def _orphaned(name: str, index: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether an index was made for a foreign key that is gone."""
    column = index["fields"][0]
    return column not in fields and index.get("name") == index_name(name, column)


def index_name(table: str, column: str) -> str:
    """What the index of a foreign key is called."""
    return f"{table}_{column}_idx"


def _served(column: str, fields: Mapping[str, Mapping[str, Any]], indexes: list[Mapping[str, Any]]) -> bool:
    said = fields[column].get("unique") or fields[column].get("primaryKey")
    return bool(said) or any(index["fields"] == [column] for index in indexes)


def target_of(name: str, field: Mapping[str, Any], ends: Ends) -> End:
    """Where a relation leads. Raises ApiError."""
    end = ends(field["target"])
    if end is None:
        raise refused([(f"schema.fields.{name}.target", f"there is no collection {field['target']!r}")])
    if len(end.key) != 1:
        raise refused([(f"schema.fields.{name}.target", f"{field['target']!r} has no key of one column")])
    return end


def references(written: Written, ends: Ends, *, source: str) -> dict[str, Data]:
    """column → what a definition says of its reference."""
    made: dict[str, Data] = {}
    for name, field in relations(written).items():
        if field["relType"] == "BelongsTo" and field.get("constraints") is not False:
            end = target_of(name, field, ends)
            if end.source == source:
                _fits(name, written["fields"][field["foreignKey"]], end)
                on_delete = field.get("onDelete", "CASCADE").lower()
                made[field["foreignKey"]] = {"references": end.exact, "on_delete": on_delete}
    return made


def _fits(name: str, column: Mapping[str, Any], end: End) -> None:
    """A column refers to keys of its own type. Raises ApiError."""
    word = column["type"] if column["type"] in TYPES else ""
    if not word or TYPES[word]["type"] != TYPES[end.word]["type"]:
        message = f"is {column['type']}, and the key that it refers to is {end.word}"
        raise refused([(f"schema.fields.{name}.foreignKey", message)])


def relations_of(written: Written, ends: Ends, *, source: str) -> dict[str, Data]:
    """The relations of a definition."""
    made: dict[str, Data] = {}
    for name, field in relations(written).items():
        end = target_of(name, field, ends)
        if end.source == source:
            made[name] = {"target": end.exact, **dict(_MAKERS[field["relType"]](written, name, field, end))}
    return made


def _said(name: str, field: Mapping[str, Any], key: str) -> str:
    if key not in field:
        raise refused([(f"schema.fields.{name}.{key}", "is missing")])
    return str(field[key])


def _belongs(written: Written, name: str, field: Mapping[str, Any], end: End) -> Iterator[tuple[str, Any]]:
    yield from (("kind", "to_one"), ("columns", {field["foreignKey"]: end.key[0]}))
    if "alias" in field and not end.own:
        yield "inverse", field["alias"]
    if "scope" in field:
        yield "only", dict(field["scope"])


def _has(written: Written, name: str, field: Mapping[str, Any], end: End) -> Iterator[tuple[str, Any]]:
    yield "kind", "to_one" if field["relType"] == "HasOne" else "to_many"
    yield "columns", {_own_key(written, name): _said(name, field, "foreignKey")}


def _across(written: Written, name: str, field: Mapping[str, Any], end: End) -> Iterator[tuple[str, Any]]:
    yield "through", _said(name, field, "through")
    yield "near", {_own_key(written, name): _said(name, field, "foreignKey")}
    yield "far", {_said(name, field, "otherKey"): end.key[0]}
    if "alias" in field and not end.own:
        yield "inverse", field["alias"]
    if "scope" in field:
        yield "only", dict(field["scope"])


def _own_key(written: Written, name: str) -> str:
    key = key_of(written)
    if len(key) != 1:
        raise refused([(f"schema.fields.{name}", "a relation needs a primary key of one column here")])
    return key[0]


_MAKERS = {"BelongsTo": _belongs, "HasMany": _has, "HasOne": _has, "BelongsToMany": _across}
