"""The curl lines of the documentation, sent to an application as curl would send them.

In: a page. Out: `Line`s in the order of the page, each with the status that it says it gets: `# 400` at its end, else
any of success. What `-F name=@file` uploads is the last block of that kind above the line.
"""

import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.conftest import ADMIN, Token

BASE = "http://127.0.0.1:3000"
_STATUS = re.compile(r"# (\d{3})$")
_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
FLAGS = ("-s", "-g", "-G", "-i", "-f")


@dataclass(frozen=True)
class Line:
    """One request as it is printed. `files` are blocks of text by their kind."""

    text: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    form: dict[str, tuple[str, str]] = field(default_factory=dict)
    status: int | None = None

    def expected(self, status: int) -> bool:
        """Whether the answer's status is the one that the page promises."""
        return status == self.status if self.status else 200 <= status < 300


def lines(page: Path) -> Iterator[Line]:
    """The curl lines of a page, broken ones joined; not those that leave a password to the reader."""
    files: dict[str, str] = {}
    for kind, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        files[kind] = block
        for text in block.replace("\\\n", " ").splitlines():
            if text.startswith("curl ") and "…" not in text:
                yield read(text, files)


def read(text: str, files: dict[str, str]) -> Line:
    """A line as curl reads it. An option that is not known here is a mistake of the page or of this room."""
    given: dict[str, list[str]] = {}
    plain: set[str] = set()
    words = iter(shlex.split(text, comments=True)[1:])
    for word in words:
        if word.startswith("--") or word in ("-X", "-H", "-d", "-F"):
            given.setdefault(word, []).append(next(words))
        elif word.startswith("-"):
            plain.update(f"-{letter}" for letter in word[1:])
        else:
            given.setdefault("url", []).append(word)
    assert plain <= set(FLAGS) and set(given) <= {"url", "-X", "-H", "-d", "-F", "--data-urlencode"}, text
    (url,) = given["url"]
    assert url.startswith(BASE), text
    return _line(text, url.removeprefix(BASE), given, get="-G" in plain, files=files)


def _line(text: str, url: str, given: dict[str, list[str]], *, get: bool, files: dict[str, str]) -> Line:
    headers = dict(header.split(": ", 1) for header in given.get("-H", []))
    pairs = urlencode(dict(pair.split("=", 1) for pair in given.get("--data-urlencode", [])))
    body = None if get else "&".join([*given.get("-d", []), *([pairs] if pairs else [])]) or None
    form = {name: (value[1:], files[value.rpartition(".")[2]]) for name, value in _parts(given.get("-F", []))}
    method = given.get("-X", ["POST" if body or form else "GET"])[0]
    if body:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    status = _STATUS.search(text)
    target = f"{url}?{pairs}" if get and pairs else url
    return Line(
        text, method, target, headers, body.encode() if body else None, form, int(status[1]) if status else None
    )


def _parts(given: list[str]) -> Iterator[tuple[str, str]]:
    for part in given:
        name, value = part.split("=", 1)
        assert value.startswith("@"), part
        yield name, value


def send(client: FlaskClient, line: Line, token: Token) -> TestResponse:
    """The answer; `$TOKEN` is the caller's, `$PASSWORD` that of John."""
    own = token["Authorization"].removeprefix("Bearer ")
    headers = {name: value.replace("$TOKEN", own) for name, value in line.headers.items()}
    url, body = line.url.replace("$TOKEN", own), line.body and line.body.replace(b"$PASSWORD", ADMIN[1].encode())
    if line.form:
        data = {name: (io.BytesIO(text.encode()), file) for name, (file, text) in line.form.items()}
        return client.open(url, method=line.method, headers=headers, data=data)
    return client.open(url, method=line.method, headers=headers, data=body)
