"""All schemas that were written at run time, while one of them is changed.

In: the definitions that are stored, and the ends of all other collections. Out: `Shelf`, schemas by collection, which
`indexes` and `relationships` edit; `definitions`, what is stored of it afterwards. A relation that led over a column
or a collection that is gone goes with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crud.dialects.baasix.schemas.documents import Written, refused, relations
from crud.dialects.baasix.schemas.translating import definition_of, schema_of, whole_schema
from crud.dialects.baasix.schemas.ways import End, end_of
from crud.errors import ApiError

Data = Mapping[str, Any]


@dataclass
class Shelf:
    """The schemas of run-time collections. `others` knows the ends of those that are declared elsewhere, `declared`
    where; `source` is that of the run-time ones."""

    stored: Mapping[str, Data]
    others: Callable[[str], End | None]
    declared: Callable[[str], str | None]
    source: str = "default"
    schemas: dict[str, Written] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        kept = {name: schema_of(data) for name, data in self.stored.items()}
        self.schemas = {name: written for name, written in kept.items() if written is not None}

    def schema(self, name: str) -> Written:
        """The schema of a collection that can be changed here. Raises ApiError."""
        if name in self.schemas:
            return self.schemas[name]
        where = self.declared(name)
        if where is None:
            raise ApiError("unknown_resource", "Schema not found")
        raise ApiError("conflict", f"The collection {name!r} cannot be changed here: {where}")

    def put(self, name: str, written: Written) -> None:
        """Another schema for a collection."""
        self.schemas[name] = written
        self.touched.add(name)

    def add(self, name: str, written: Written) -> None:
        """A new collection. Raises ApiError."""
        if name in self.stored:
            raise ApiError("conflict", "Error creating schema", details="Schema already exists")
        if name.endswith("_junction"):
            raise refused([("collectionName", "the ending _junction belongs to relationships")])
        if name.casefold().startswith("baasix_"):
            raise refused([("collectionName", "the beginning baasix_ belongs to the service")])
        self.put(name, written)

    def replace(self, name: str, written: Written) -> None:
        """Another schema for a collection that is there. Raises ApiError."""
        kept = self.schema(name)
        if "isJunction" in kept:
            written = {**written, "isJunction": kept["isJunction"]}
        self.put(name, written)

    def field(self, name: str, member: str, said: Mapping[str, Any] | None) -> None:
        """Another field of a collection; None takes it away."""
        written = self.schema(name)
        fields = {key: value for key, value in written["fields"].items() if key != member}
        self.put(name, {**written, "fields": fields if said is None else {**fields, member: dict(said)}})

    def drop(self, name: str) -> None:
        """No schema for a collection any more."""
        self.schema(name)
        del self.schemas[name]

    def end(self, name: str) -> End | None:
        """A collection as others refer to it."""
        if name in self.schemas:
            return end_of(name, self.schemas[name], self.source)
        return None if name in self.stored else self.others(name)

    def definitions(self) -> dict[str, Data]:
        """What is stored now. Raises ApiError."""
        self._prune()
        made = {name: data for name, data in self.stored.items() if name in self.schemas or schema_of(data) is None}
        for name in sorted(self.touched & self.schemas.keys()):
            written = whole_schema(name, self.schemas[name], self.end)
            made[name] = definition_of(written, self.end, source=self.source)
        return made

    def _prune(self) -> None:
        """Ways back end where the column or the junction is gone that led there."""
        before = {name: schema_of(data) for name, data in self.stored.items()}
        for name, written in list(self.schemas.items()):
            for member, said in relations(written).items():
                if said["relType"] != "BelongsTo" and self._lost(said, before):
                    self.field(name, member, None)

    def _lost(self, said: Mapping[str, Any], before: Mapping[str, Written | None]) -> bool:
        holder = said.get("through", said["target"])
        was, now = before.get(holder), self.schemas.get(holder)
        columns = [said[key] for key in ("foreignKey", "otherKey") if key in said]
        if was is None or not all(name in was["fields"] for name in columns):
            return False
        return now is None or not all(name in now["fields"] for name in columns)
