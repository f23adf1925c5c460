"""Everything that a service does, mixed: clients who read, write, import, sign in and make mistakes in all dialects.

In: a running service over `CONFIG`. Out: counts by status, and the answers that nobody should get. Tables and sessions
stay as large as they are: what is made is deleted. What is asked is never quite the same: another shape of a query,
another value, another name that does not exist.
"""

import io
import json
import random
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

from tests.dialects.conftest import ADMIN
from tests.programs import WAIT
from tests.reload.running import Running

CONFIG = """
server: {{watch: true}}
sources:
  default: {{url: "{url}", options: {{busy_seconds: 20}}}}
auth:
  secret: {secret}
  limits: {{sign_in: "", refresh: ""}}
cache: {{store: files, path: {folder}/cache}}
schemas:
  main:
    source: default
    tables: declared
    entities:
      authors:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          name: {{type: string, required: true}}
          city: {{type: string}}
        rules: [{{role: anon, actions: [read]}}]
      books:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          title: {{type: string, required: true}}
          year: {{type: integer}}
          price: {{type: decimal, precision: 10, scale: 2}}
          notes: {{type: json}}
          author_id: {{type: integer, references: authors, on_delete: cascade}}
        audit: {{values: true}}
        rules: [{{role: anon, actions: [read]}}]
"""
CLIENTS = 6
FIELDS = ("id", "title", "year", "price")
Headers = Mapping[str, str]


def quoted(value: object) -> str:
    """JSON in a query string."""
    return urllib.parse.quote(json.dumps(value))


@dataclass
class Mixed:
    """One client. `pause`: seconds between its requests."""

    service: Running
    pause: float
    random: random.Random
    over: threading.Event
    counts: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    connection: HTTPConnection | None = None

    def work(self) -> None:
        """One kind after the other, by chance."""
        kinds, weights = zip(*KINDS.items(), strict=True)
        while not self.over.wait(self.pause):
            self.random.choices(kinds, weights)[0](self)
        self.hang_up()

    def hang_up(self) -> None:
        """Begin anew: connections of clients come and go."""
        if self.connection:
            self.connection.close()
        self.connection = None

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Headers | None = None,
        good: tuple[int, ...] = (200,),
    ) -> Any:
        """The answer to a request, which has one of these statuses."""
        sent = {**(self.service.headers if headers is None else headers)}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        self.connection = self.connection or HTTPConnection("127.0.0.1", self.service.port, timeout=WAIT)
        self.connection.request(method, path, data, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        self.counts[answer.status] += 1
        if answer.status not in good:
            self.wrong.append(f"{method} {path}: {answer.status} {text[:300].decode()}")
            return None
        return json.loads(text) if text and "json" in answer.headers["Content-Type"] else text

    # ------------------------------------------------------------ reading

    def lists(self) -> None:
        """Pages of every dialect, with another filter, sort and choice of columns each time."""
        chosen = self.random.sample(FIELDS, self.random.randint(1, 4))
        year, sort = self.random.randint(1900, 2020), self.random.choice(FIELDS)
        word, size = uuid.uuid4().hex[: self.random.randint(1, 6)], self.random.randint(1, 30)
        for path in (
            f"/api/books?limit={size}&page={self.random.randint(1, 9)}&select={chr(44).join(chosen)}",
            f"/json/book?pageSize={size}&filter={quoted([{'field': 'title', 'comparison': 'contains', 'value': word}])}",
            f"/v1/books?limit={size}&filters[year][$gt]={year}",
            f"/schema/main/books?filter={quoted({'year': year})}&sort={quoted({sort: 'desc'})}",
            f"/items/books?limit={size}&fields={quoted([*chosen, 'author.name'])}&filter={quoted({sort: {'gt': 1900}})}"
            if sort != "title"
            else f"/items/books?limit={size}&fields={quoted(chosen)}&sort={quoted(['-' + sort])}",
        ):
            self.ask("GET", path, headers={} if self.random.random() < 0.5 else None)

    def kept(self) -> None:
        """Answers that may be seconds old, some of them for the first time."""
        year = self.random.randint(1900, 2020)
        self.ask("GET", f"/schema/main/books?cache=5&filter={quoted({'year': year})}")

    def computes(self) -> None:
        """An expression in JavaScript."""
        value = "${{ 1900 + " + str(self.random.randint(1, 100)) + " }}"
        self.ask("GET", f"/schema/main/books?filter={quoted({'year': value})}")

    def looks(self) -> None:
        """Who looks after it."""
        for path in ("/ready", "/metrics", "/server/info"):
            self.ask("GET", path)

    # ------------------------------------------------------------ writing

    def writes(self) -> None:
        """A row comes, changes and goes."""
        made = self.ask("POST", "/items/books", self.book(), good=(201,))
        if made:
            key = made["data"]["id"]
            self.ask("PUT", f"/api/books/{key}", {"title": uuid.uuid4().hex})
            self.ask("PUT", f"/json/book/{key}", {"year": self.random.randint(1900, 2020)})
            self.ask("DELETE", f"/items/books/{key}", good=(200, 204))

    def many(self) -> None:
        """Rows at once, and a file of them."""
        rows = [self.book() for _ in range(50)]
        made = self.ask("POST", "/items/books/bulk", rows, good=(200, 201))
        if made:
            self.ask("DELETE", "/items/books/bulk", made["data"], good=(200, 204))
        word = uuid.uuid4().hex
        data = json.dumps([{**self.book(), "title": word} for _ in range(100)]).encode()
        body, kind = form("jsonFile", "books.json", data)
        self.ask("POST", "/items/books/import-json", body, {**self.service.headers, "Content-Type": kind})
        self.ask("DELETE", "/schema/main/books", {"filter": {"title": word}}, good=(200, 204))

    def book(self) -> dict[str, object]:
        """A new one."""
        notes = {uuid.uuid4().hex[:4]: self.random.random()}
        year = self.random.randint(1900, 2020)
        return {"title": uuid.uuid4().hex, "year": year, "price": "9.99", "notes": notes, "author_id": 1}

    # ------------------------------------------------------------ who, and what is refused

    def signs_in(self) -> None:
        """In, and out."""
        who = {"email": ADMIN[0], "password": ADMIN[1]}
        made = self.ask("POST", "/auth/login", who, headers={})
        if made:
            token = {"Authorization": f"Bearer {made['token']}"}
            self.ask("GET", "/items/books?limit=1", headers=token)
            self.ask("POST", "/auth/logout", {}, headers=token)
            self.ask("GET", "/items/books?limit=1", headers=token, good=(401,))

    def errs(self) -> None:
        """Names, values and tokens that there are not."""
        word = uuid.uuid4().hex
        self.ask("GET", f"/items/{word}", good=(404,))
        self.ask("GET", f"/items/books?filter={quoted({word: 1})}", good=(400,))
        self.ask("GET", f"/api/books/{word}", good=(400, 404))
        self.ask("POST", "/items/books", {"title": 1, word: 2}, good=(400,))
        self.ask("GET", f"/{word}/{word}", good=(404,))
        self.ask("GET", "/items/books", headers={"Authorization": f"Bearer {word}"}, good=(401,))
        self.ask("POST", "/items/books", self.book(), headers={}, good=(401, 403))


def form(name: str, file: str, data: bytes) -> tuple[bytes, str]:
    """A file as browsers send it, and the type of that."""
    border, made = uuid.uuid4().hex, io.BytesIO()
    made.write(f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'.encode())
    made.write(b"Content-Type: application/json\r\n\r\n" + data + f"\r\n--{border}--\r\n".encode())
    return made.getvalue(), f"multipart/form-data; boundary={border}"


# kind → how often, of a hundred or so
KINDS: Mapping[Callable[[Mixed], None], int] = {
    Mixed.lists: 30,
    Mixed.kept: 15,
    Mixed.writes: 15,
    Mixed.errs: 8,
    Mixed.computes: 4,
    Mixed.many: 2,
    Mixed.looks: 2,
    Mixed.signs_in: 1,
    Mixed.hang_up: 3,
}


@contextmanager
def mixed(service: Running, pause: float) -> Iterator[list[Mixed]]:
    """Clients who work as long as the block takes."""
    over = threading.Event()
    clients = [Mixed(service, pause, random.Random(number), over) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.work) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        over.set()
        for thread in threads:
            thread.join()


def reloaded(service: Running, seconds: float, until: float) -> Iterator[float]:
    """The seconds since the beginning, again and again; the service reloads each time so many have passed."""
    begun = last = time.monotonic()
    while (now := time.monotonic()) < until:
        if now - last >= seconds:
            last = now
            status, body = service.client().send("POST", "/server/reload")
            assert status == 200, body
        yield now - begun
        time.sleep(1)
