"""What a new user does: a bare clone, the README's line for a database of his own, and the lines that it prints."""

import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from crud.cli.prepare import banner
from tests.programs import ROOT, free_port, until, until_it_answers

SHOP = """
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT, author_id INTEGER REFERENCES author (id));
INSERT INTO author VALUES (1, 'Jane Austen'); INSERT INTO book VALUES (1, 'Emma', 1);
"""


@pytest.mark.long
@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="this is no clone of git")
def test_from_a_bare_clone_to_an_answer_from_ones_own_database(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as database:
        database.executescript(SHOP)
    begin = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), tmp_path / "dragoman"], check=True)
    (line,) = re.findall(r"^DATABASE_URL=.* make run", (tmp_path / "dragoman" / "README.md").read_text(), re.M)
    line = line.replace("sqlite:////srv/shop.sqlite", f"sqlite:///{tmp_path}/shop.sqlite")
    assert str(tmp_path) in line
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    port = free_port()
    with (tmp_path / "printed").open("w") as printed:
        run = subprocess.Popen(
            ["bash", "-c", line],
            cwd=tmp_path / "dragoman",
            env={**kept, "PORT": str(port)},
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
    try:
        until(lambda: "One request in each dialect" in (tmp_path / "printed").read_text(), patience=600)
        until_it_answers(port)
        answers = [asked(tmp_path, number) for number in range(5)]
        seconds = time.monotonic() - begin
    finally:
        os.killpg(run.pid, signal.SIGTERM)
        run.wait(60)
    assert all("Jane Austen" in answer for answer in answers), answers
    record_property("figures", f"from a bare clone to the first answers: {seconds:.0f} s")


def test_lines_are_printed_that_a_shell_understands(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as database:
        database.executescript("""CREATE TABLE "Jane's [Bücher]" (id INTEGER PRIMARY KEY)""")
    text = "sources: {default: {database: '${DATABASE_URL}'}}\nschemas: {main: {source: default}}"
    app = make_app(text, f"sqlite:///{tmp_path}/shop.sqlite")
    printed = banner(app.extensions["dragoman"].state.current(), None)
    assert re.search(r"http://\S+/docs$", printed, re.M)
    addresses = [shlex.split(line)[2] for line in re.findall(r"^  (curl .*)$", printed, re.M)[-5:]]
    assert len(addresses) == 5
    for address in addresses:
        assert app.test_client().get(address).status_code in (401, 403), address


def asked(folder: Path, number: int) -> str:
    """What one of the printed requests is answered, after the printed sign-in."""
    text = (folder / "printed").read_text()
    (sign_in,) = re.findall(r"^  (TOKEN=.*\n.*)$", text, re.M)
    request = re.findall(r"^  (curl .*)$", text, re.M)[number]
    assert shlex.split(request)
    return subprocess.run(["bash", "-c", f"{sign_in}\n{request}"], check=True, capture_output=True, text=True).stdout
