"""Clients who go on while a database is away, in all dialects, and remember every answer.

In: a service over `CONFIG`. Out: `Load`, with every answer: when it was asked for, how long it took, what it said. Each
row has a word of its own, so that what was acknowledged can be looked up.
"""

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.programs import WAIT
from tests.reload.running import Running

CONFIG = """
server: {{watch: false}}
limits: {{statement_seconds: {seconds}}}
sources:
  default: {{url: "{url}", options: {{{options}}}}}
auth:
  secret: {secret}
schemas:
  main:
    source: default
    tables: declared
    entities:
      notes:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          body: {{type: text, required: true}}
        rules:
          - {{role: anon, actions: [read]}}
          - {{role: user, actions: [read, create]}}
        audit: true
"""
CLIENTS = 8
Body = Callable[[str], object]
CREATIONS: Mapping[str, tuple[str, Body]] = {
    "phantom": ("/api/notes", lambda word: {"body": word}),
    "xond": ("/json/note", lambda word: {"body": word}),
    "sonicjs": ("/v1/notes", lambda word: {"data": {"body": word}}),
    "metal": ("/schema/main/notes", lambda word: {"data": [{"body": word}, {"body": f"{word}+"}]}),
    "baasix": ("/items/notes", lambda word: {"body": word}),
}
LISTS: Mapping[str, str] = {
    "phantom": "/api/notes?limit=5",
    "xond": "/json/note?pageSize=5",
    "sonicjs": "/v1/notes?limit=5",
    "metal": "/schema/main/notes?filter=%7B%22id%22:1%7D",
    "baasix": "/items/notes?limit=5",
}
# Where each dialect says what is wrong.
SAID: Mapping[str, Callable[[Any], object]] = {
    "phantom": lambda body: body["success"] is False and body["error"],
    "xond": lambda body: body["success"] is False and body["error"],
    "sonicjs": lambda body: body["message"],
    "metal": lambda body: body["error"],
    "baasix": lambda body: body["error"]["message"],
}
UNKNOWN = "not known whether the change was made"


@dataclass(frozen=True)
class Answer:
    """One answer. `word`: what was to be written, "" for a read."""

    dialect: str
    word: str
    asked: float
    seconds: float
    status: int
    retry: str | None
    body: bytes

    def said(self) -> str:
        """What the dialect says is wrong."""
        return str(SAID[self.dialect](json.loads(self.body)))


@dataclass
class Load:
    """What eight clients do, each with its own connections."""

    service: Running
    answers: list[Answer] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def work(self, number: int) -> None:
        """Write and read in turn, each dialect after the other."""
        step = number
        while not self.over.is_set():
            dialect = [*CREATIONS][step % len(CREATIONS)]
            self.ask(dialect, uuid.uuid4().hex if step % 3 else "")
            step += 1

    def ask(self, dialect: str, word: str) -> None:
        """One request."""
        path, body = CREATIONS[dialect] if word else (LISTS[dialect], None)
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=WAIT)
        asked = time.monotonic()
        try:
            headers = self.service.headers | {"Content-Type": "application/json"}
            connection.request("POST" if body else "GET", path, json.dumps(body(word)) if body else None, headers)
            answer = connection.getresponse()
            status, retry, text = answer.status, answer.headers["Retry-After"], answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.broken.append(repr(error))
        else:
            self.answers.append(Answer(dialect, word, asked, time.monotonic() - asked, status, retry, text))
        finally:
            connection.close()

    def refused(self) -> list[Answer]:
        """The answers that were no rows."""
        return [answer for answer in self.answers if answer.status == 503]

    def since(self, moment: float) -> list[Answer]:
        """The answers to what was asked from then on."""
        return [answer for answer in self.answers if answer.asked >= moment]


@contextmanager
def load(service: Running) -> Iterator[Load]:
    """Let them work as long as the block takes."""
    made = Load(service)
    threads = [threading.Thread(target=made.work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.over.set()
        for thread in threads:
            thread.join()
