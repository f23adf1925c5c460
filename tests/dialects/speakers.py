"""One application spoken to in a dialect: rows under exact names go in and come out, whatever the dialect calls them.

In: a `Fresh` application and a dialect's name. Out: `Speaker`, whose answers are Flask's and whose rows are compared.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.test import TestResponse

from crud.jsontext import json_bytes
from crud.presentation import View
from sql.catalog import Resource
from tests.dialects.conftest import Fresh, Token

Row = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """How a dialect writes: its paths, its method of updates, the body around a row, a condition, rows of an answer."""

    base: str
    update: str
    where: Callable[[str, object], dict[str, object]]
    wrap: Callable[[object], object] = lambda row: row
    rows: Callable[[Any], Any] = lambda body: body["data"]


def in_brackets(form: str) -> Callable[[str, object], dict[str, object]]:
    """A condition whose field stands in the parameter's name."""
    return lambda name, value: {form.format(name): value}


def as_json(condition: Callable[[str, object], object]) -> Callable[[str, object], dict[str, object]]:
    """A condition that is the JSON of `filter`."""
    return lambda name, value: {"filter": json.dumps(condition(name, value))}


WIRES: Mapping[str, Wire] = {
    "phantom": Wire("/api", "PUT", in_brackets("where[{}]")),
    "xond": Wire("/json", "PUT", as_json(lambda name, it: [{"field": name, "comparison": "equals", "value": it}])),
    "sonicjs": Wire(
        "/v1", "PUT", in_brackets("filters[{}][$eq]"), wrap=lambda row: {"data": row}, rows=lambda body: body
    ),
    "metal": Wire(
        "/schema",
        "PATCH",
        as_json(lambda name, value: {name: value}),
        wrap=lambda row: {"data": row},
        rows=lambda body: body["rows"],
    ),
    "baasix": Wire("/items", "PATCH", as_json(lambda name, value: {name: {"eq": value}})),
}
DIALECTS = tuple(WIRES)
KEYED = tuple(name for name in DIALECTS if name != "metal")  # Metal has no routes of single rows


@dataclass(frozen=True)
class Speaker:
    """A caller of one dialect; an administrator unless `headers` say otherwise."""

    fresh: Fresh
    dialect: str
    headers: Token | None = None

    @property
    def wire(self) -> Wire:
        """How the dialect writes."""
        return WIRES[self.dialect]

    def resource(self, name: str) -> Resource:
        """The resource of an exact name."""
        return self.fresh.snapshot.catalog.resource(name)

    def view(self, name: str) -> View:
        """The resource as the dialect shows it."""
        return self.fresh.snapshot.presentations[self.dialect].view(self.resource(name))

    def path(self, name: str, key: object = None) -> str:
        """The path of a resource, or of a row."""
        resource, words = self.resource(name), self.fresh.snapshot.presentations[self.dialect].name(self.resource(name))
        if self.dialect == "metal":
            words = f"{resource.namespace}/{resource.entity or resource.name}"
        return f"{self.wire.base}/{words}" + ("" if key is None else f"/{quote(str(key))}")

    def send(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        """The answer to JSON, or to bytes as they are."""
        data = body if isinstance(body, bytes) or body is None else json_bytes(body)
        given = {**(self.fresh.admin if self.headers is None else self.headers)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = None if data is None else "application/json"
        return self.fresh.client.open(path, method=method, data=data, content_type=kind, headers=given)

    # ------------------------------------------------------------ writes

    def create(self, name: str, row: Row) -> TestResponse:
        """A new row."""
        return self.send("POST", self.path(name), self.wire.wrap(self.written(name, row)))

    def update(self, name: str, key: object, row: Row, **headers: str) -> TestResponse:
        """Changes to the row of a key."""
        changes = self.written(name, row)
        if self.dialect == "metal":
            return self.send("PATCH", self.path(name), {"filter": self._key(name, key), "data": changes}, **headers)
        return self.send(self.wire.update, self.path(name, key), self.wire.wrap(changes), **headers)

    def delete(self, name: str, key: object, **headers: str) -> TestResponse:
        """The row of a key, gone."""
        if self.dialect == "metal":
            return self.send("DELETE", self.path(name), {"filter": self._key(name, key)}, **headers)
        return self.send("DELETE", self.path(name, key), **headers)

    def _key(self, name: str, key: object) -> Row:
        return {self.view(name).shown(self.resource(name).key[0]): key}

    def written(self, name: str, row: Row) -> Row:
        """A row as the dialect writes it."""
        view = self.view(name)
        return {view.shown(column): _told(view, column, value) for column, value in row.items()}

    # ------------------------------------------------------------ reads

    def find(self, name: str, column: str, value: object) -> list[Row]:
        """The rows that have a value, under exact names and in the form of times that most dialects have."""
        query = urlencode(self.wire.where(self.view(name).shown(column), value))
        return [self._exact(name, row) for row in self._rows(self.send("GET", f"{self.path(name)}?{query}"))]

    def one(self, name: str, key: object) -> Row:
        """The row of a key; by a condition where the dialect has no routes of single rows."""
        if self.dialect == "metal":
            (row,) = self.find(name, self.resource(name).key[0], key)
            return row
        return self._exact(name, self._rows(self.send("GET", self.path(name, key))))

    def _rows(self, answer: TestResponse) -> Any:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return self.wire.rows(json.loads(answer.data, parse_float=Decimal))

    def _exact(self, name: str, row: Row) -> Row:
        view = self.view(name)
        exact = {view.shown(column): column for column in view.resource.columns}
        assert set(row) <= set(exact), (set(row), set(exact))
        return {exact[shown]: _heard(view, exact[shown], value) for shown, value in row.items()}


START = datetime(1970, 1, 1)


def _told(view: View, column: str, value: Any) -> object:
    """A value as the dialect takes it: some count times in milliseconds."""
    if view.form(view.resource.columns[column]) != "epoch_ms" or value is None:
        return value
    return (datetime.fromisoformat(value.removesuffix("Z")) - START) // timedelta(milliseconds=1)


def _heard(view: View, column: str, value: Any) -> object:
    kind = view.resource.columns[column]
    if view.form(kind) != "epoch_ms" or value is None:
        return value
    text = (START + timedelta(milliseconds=value)).isoformat(timespec="milliseconds")
    return text if kind.type.name == "datetime_local" else f"{text}Z"


def everyone(fresh: Fresh) -> list[Speaker]:
    """The application in all five dialects."""
    return [Speaker(fresh, dialect) for dialect in DIALECTS]
