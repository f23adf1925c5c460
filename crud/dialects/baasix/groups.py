"""Groups and aggregates of a Baasix read.

In: `aggregate={"total": {"function": "sum", "field": "price"}}` and `groupBy=category,date:year:created_at`.
Out: `Groups`, or None where neither was asked. A group's column is named as it was written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crud.dialects.baasix.fields import field_names
from crud.errors import ApiError, bad_parameter
from crud.wire.params import Reader, json_value
from crud.wire.paths import Scope, reach, to_one_path
from sql.catalog import Resource
from sql.expressions import DatePart, Expr
from sql.operators import AGGREGATES, DATE_PARTS
from sql.query import Aggregate, Select, Sort

# function on the wire → ours
FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("count", "sum", "avg", "min", "max", "array_agg")},
        "distinct": "count_distinct",
    }
)
MOST_AGGREGATES = 50


@dataclass(frozen=True)
class Groups:
    """What is grouped by, and what is computed of each group."""

    groups: tuple[Select, ...]
    aggregates: tuple[Aggregate, ...]

    def sort(self, key: str, descending: bool) -> Sort:
        """The order by a group's column."""
        for group in self.groups:
            if group.alias == key:
                return Sort(group.expr, descending)
        known = ", ".join(group.alias for group in self.groups) or "nothing"
        raise bad_parameter("sort", f"groups are sorted by what they are grouped by: {known}")

    def refuse_others(self, reader: Reader, *, relevance: bool) -> None:
        """Refuse what speaks of single rows; `fields` may repeat what is in the answer anyway."""
        known = {"*", *(group.alias for group in self.groups), *(each.alias for each in self.aggregates)}
        if set(field_names(reader.take_all("fields"))) - known:
            raise bad_parameter("fields", "groups hold what they are grouped by and the aggregates")
        if relevance:
            raise bad_parameter("sortByRelevance", "does not apply to groups")


def read_groups(scope: Scope, resource: Resource, reader: Reader) -> Groups | None:
    """The groups of a request."""
    names, text = _names(reader.take_all("groupBy")), reader.take("aggregate")
    if not names and text is None:
        return None
    groups = tuple(_group(scope, resource, name) for name in dict.fromkeys(names))
    tree = json_value(text, "aggregate") if text is not None else {}
    aggregates = tuple(_aggregate(scope, resource, alias, what) for alias, what in _aliases(tree, text).items())
    met = {group.alias for group in groups} & {each.alias for each in aggregates}
    if met:
        raise bad_parameter("aggregate", f"{min(met)!r} is a column of the groups already")
    return Groups(groups, aggregates)


def _names(texts: list[str]) -> list[str]:
    names: list[object] = []
    for text in texts:
        read = json_value(text, "groupBy") if text.lstrip().startswith("[") else text.split(",")
        names += read if isinstance(read, list) else [read]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise bad_parameter("groupBy", "expected a list of fields")
    return [str(name).strip() for name in names]


def _group(scope: Scope, resource: Resource, written: str) -> Select:
    if not written.startswith("date:"):
        return _column(scope, resource, written)
    _, part, name = (written.split(":", 2) + ["", ""])[:3]
    if part not in DATE_PARTS:
        raise bad_parameter("groupBy", f"{part[:40]!r} is not a part of a date; expected {', '.join(DATE_PARTS)}")
    reached = reach(scope, resource, name, "groupBy")
    if reached.column.type.family not in _families(DATE_PARTS[part]):
        raise bad_parameter("groupBy", f"field {name!r} has no {part}")
    return Select(DatePart(part, to_one_path(reached)), written)


def _families(kind: str) -> tuple[str, ...]:
    return ("date", "datetime") if kind == "date" else ("time", "datetime")


def _column(scope: Scope, resource: Resource, written: str) -> Select:
    reached = reach(scope, resource, written, "groupBy")
    if reached.column.type.family in ("json", "array", "range", "bytes"):
        raise bad_parameter("groupBy", f"values of field {written!r} cannot be grouped")
    return Select(to_one_path(reached), written)


def _aliases(tree: object, text: str | None) -> Mapping[str, object]:
    if not isinstance(tree, dict) or (text is not None and not tree):
        raise bad_parameter("aggregate", 'expected {"alias": {"function": …, "field": …}}')
    if len(tree) > MOST_AGGREGATES:
        raise bad_parameter("aggregate", f"{len(tree)} aggregates, at most {MOST_AGGREGATES} are allowed")
    return tree


def _aggregate(scope: Scope, resource: Resource, alias: str, what: object) -> Aggregate:
    if not alias or not isinstance(what, dict) or not set(what) <= {"function", "field"} or "function" not in what:
        raise bad_parameter("aggregate", f'{alias!r} takes {{"function": …, "field": …}}')
    written = what["function"]
    function = FUNCTIONS.get(written) if isinstance(written, str) else None
    if function is None:
        raise ApiError("bad_parameter", f"Unsupported aggregate function: {str(written)[:40]}", parameter="aggregate")
    return Aggregate(alias, function, _argument(scope, resource, function, what.get("field", "*")))


def _argument(scope: Scope, resource: Resource, function: str, name: object) -> Expr | None:
    if name == "*" and function == "count":
        return None
    if not isinstance(name, str) or name == "*":
        raise bad_parameter("aggregate", f"{function} takes the name of a field")
    reached = reach(scope, resource, name, "aggregate")
    if reached.column.type.family not in AGGREGATES[function].families:
        raise bad_parameter("aggregate", f"{function} does not apply to field {name!r}")
    return to_one_path(reached)
