"""Clients that write through all five dialects at once and remember what they were told.

In: a service and how long. Out: `Writer`s, each with its log: of every row it named, what may be true of it. A request
that was answered leaves one possibility; one whose connection broke leaves two, all rows of it together.
"""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.load.serving import Service
from tests.programs import WAIT

GONE = "gone"
PRODUCT = "00000000-0000-0000-0000-000000000002"
Keys = Callable[[Any], list[int]]
Json = dict[str, object]


@dataclass
class Row:
    """A row of one writer. `possible`: its city ("" for none), or GONE."""

    name: str
    key: int | None
    possible: set[str]


@dataclass(frozen=True)
class Creation:
    """How rows are made: the request for these names, and where its answer tells their keys."""

    path: str
    body: Callable[[list[str]], object]
    keys: Keys = lambda _: []
    count: int = 1


CREATIONS: Mapping[str, Creation] = {
    "phantom": Creation("/api/customers", lambda names: {"name": names[0]}, lambda body: [body["data"]["id"]]),
    "xond": Creation("/json/customer", lambda names: {"name": names[0]}, lambda body: [body["data"]["customerId"]]),
    "sonicjs": Creation("/v1/customers", lambda names: {"data": {"name": names[0]}}, lambda body: [body["id"]]),
    "metal": Creation("/schema/main/customers", lambda names: {"data": [{"name": name} for name in names]}, count=3),
    "baasix": Creation("/items/customers", lambda names: {"name": names[0]}, lambda body: [body["data"]["id"]]),
    "bulk": Creation(
        "/items/customers/bulk", lambda names: [{"name": name} for name in names], lambda body: body["data"], 3
    ),
    "ensure": Creation(
        "/api/customers/createIfNotExists",
        lambda names: {"filter": {"email": f"{names[0]}@example.com"}, "data": _person(names[0], names[0])},
        lambda body: [body["data"]["id"]],
    ),
}
# Method, path and body by which each dialect changes a row; and those by which it deletes one.
CHANGES: Mapping[str, Callable[[Row, str], tuple[str, str, object]]] = {
    "phantom": lambda row, city: ("PUT", f"/api/customers/{row.key}", {"city": city}),
    "xond": lambda row, city: ("PUT", f"/json/customer/{row.key}", {"city": city}),
    "sonicjs": lambda row, city: ("PUT", f"/api/v1/customers/{row.key}", {"data": {"city": city}}),
    "metal": lambda row, city: (
        "PATCH",
        "/schema/main/customers",
        {"filter": {"name": row.name}, "data": {"city": city}},
    ),
    "baasix": lambda row, city: ("PATCH", f"/items/customers/{row.key}", {"city": city}),
}
DELETIONS: Mapping[str, Callable[[Row], tuple[str, str, object]]] = {
    "phantom": lambda row: ("DELETE", f"/api/customers/{row.key}", None),
    "xond": lambda row: ("DELETE", f"/json/customer/{row.key}", None),
    "sonicjs": lambda row: ("DELETE", f"/v1/customers/{row.key}", None),
    "metal": lambda row: ("DELETE", "/schema/main/customers", {"filter": {"name": row.name}}),
    "baasix": lambda row: ("DELETE", f"/items/customers/{row.key}", None),
}
DIALECTS = tuple(CHANGES)
GOOD = (200, 201, 204)


def _person(name: str, mail: str) -> Json:
    return {"name": name, "email": f"{mail}@example.com"}


@dataclass
class Writer:
    """One client: its connection, its log."""

    service: Service
    run: str
    number: int
    rows: dict[str, Row] = field(default_factory=dict)
    bulks: list[list[str]] = field(default_factory=list)
    orders: dict[str, set[bool]] = field(default_factory=dict)
    ensured: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    acknowledged: int = 0
    broken: int = 0
    last: float = 0.0
    connection: http.client.HTTPConnection | None = None

    def work(self, until: float) -> None:
        """Every kind of write in turn, until one has been acknowledged after this time."""
        kinds = [*CREATIONS, "contested", "order", "change", "delete", "change", "change_many"]
        start = self.number % len(kinds)
        for step, kind in enumerate(itertools.islice(itertools.cycle(kinds), start, None)):
            if self.last > until or time.monotonic() > until + WAIT:
                break
            name = f"{self.run}-{self.number}-{step}"
            self.create(CREATIONS[kind], name) if kind in CREATIONS else getattr(self, kind)(name)
        if self.connection:
            self.connection.close()

    def ask(self, method: str, path: str, body: object) -> tuple[bool, Any]:
        """Whether it was done, and the answer. Not done: the connection broke, or the answer is remembered as wrong."""
        self.connection = self.connection or self.service.connect()
        try:
            status, text = self.service.send(self.connection, method, path, body)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection, self.broken = None, self.broken + 1
            return False, None
        if status not in GOOD:
            self.wrong.append(f"{method} {path} {body}: {status} {text.decode()}")
            return False, None
        self.acknowledged, self.last = self.acknowledged + 1, time.monotonic()
        return True, json.loads(text) if text else None

    def create(self, how: Creation, name: str) -> None:
        """New rows, one or several in one request."""
        names = [f"{name}-{number}" for number in range(how.count)]
        done, body = self.ask("POST", how.path, how.body(names))
        keys: list[int | None] = [*how.keys(body)] if done else []
        for one, key in itertools.zip_longest(names, keys):
            self.rows[one] = Row(one, key, {""} if done else {"", GONE})
        if how.count > 1:
            self.bulks.append(names)

    def contested(self, name: str) -> None:
        """A row that all writers ensure at about the same time."""
        mail = f"{self.run}-shared-{int(time.monotonic() * 4)}"
        asked = {"filter": {"email": f"{mail}@example.com"}, "data": _person("shared", mail)}
        done, body = self.ask("POST", "/api/customers/createIfNotExists", asked)
        if done:
            self.ensured[f"{mail}@example.com"] = body["data"]["id"]

    def order(self, name: str) -> None:
        """An order with two items, in one nested body."""
        items = [{"productId": PRODUCT, "quantity": 1, "price": 1}, {"productId": PRODUCT, "quantity": 2, "price": 2}]
        done, _ = self.ask("POST", "/json/order", {"trackingNumber": name, "orderItems": items})
        self.orders[name] = {True} if done else {True, False}

    def change(self, name: str) -> None:
        """Another city for a row of one's own."""
        row = self._some(len(self.rows))
        if row is not None:
            done, _ = self.ask(*CHANGES[self._dialect(row)](row, name))
            row.possible = {name} if done else row.possible | {name}

    def change_many(self, name: str) -> None:
        """Another city for three rows of one's own at once."""
        rows = [row for row in self._certain() if row.key is not None][-3:]
        if rows:
            done, _ = self.ask("PATCH", "/items/customers/bulk", [{"id": row.key, "city": name} for row in rows])
            for row in rows:
                row.possible = {name} if done else row.possible | {name}

    def delete(self, name: str) -> None:
        """A row of one's own goes."""
        row = self._some(0)
        if row is not None:
            done, _ = self.ask(*DELETIONS[self._dialect(row)](row))
            row.possible = {GONE} if done else row.possible | {GONE}

    def _certain(self) -> list[Row]:
        return [row for row in self.rows.values() if len(row.possible) == 1 and GONE not in row.possible]

    def _some(self, seed: int) -> Row | None:
        rows = self._certain()
        return rows[seed % len(rows)] if rows else None

    def _dialect(self, row: Row) -> str:
        return "metal" if row.key is None else DIALECTS[self.acknowledged % len(DIALECTS)]


def at_once(writers: list[Writer], seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let the writers write for so long, and do something else meanwhile."""
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=writer.work, args=(until,)) for writer in writers]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()
