"""The backup of a SQLite database that docs/deployment.md shows, taken while somebody writes."""

import re
import shlex
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from sql.database import Options
from sql.opening import open_database
from tests.programs import ROOT

PYTHON = "/opt/dragoman/.venv/bin/python"
ROWS = 20_000


def command(old: Path, new: Path) -> list[str]:
    """The page's command, for these files."""
    page = (ROOT / "docs" / "deployment.md").read_text()
    (text,) = re.findall(rf"^({re.escape(PYTHON)} -c .*\\\n.*)$", page, re.M)
    words = shlex.split(text.replace("\\\n", " "))
    assert words[-2:] == ["/var/lib/dragoman/data.sqlite", "/var/backups/dragoman.sqlite"]
    return [sys.executable, *words[1:-2], str(old), str(new)]


def test_a_backup_that_is_taken_while_somebody_writes_is_whole(tmp_path: Path) -> None:
    old, new = tmp_path / "data.sqlite", tmp_path / "backup.sqlite"
    database = open_database(f"sqlite:///{old}", options=Options())
    over = threading.Event()

    def pair() -> None:
        with database.transaction() as session:
            session.execute("INSERT INTO a (n) VALUES (1)")
            session.execute("INSERT INTO b (n) VALUES (1)")

    def write() -> None:
        while not over.is_set():
            pair()

    with database.transaction() as session:
        session.execute("CREATE TABLE a (n INTEGER)")
        session.execute("CREATE TABLE b (n INTEGER)")
        for name in "ab":
            numbers = f"WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {ROWS}) "
            session.execute(f"{numbers} INSERT INTO {name} SELECT n FROM k")
    pair()
    writer = threading.Thread(target=write)
    writer.start()
    try:
        subprocess.run(command(old, new), check=True)
    finally:
        over.set()
        writer.join()
        database.close()
    with closing(sqlite3.connect(new)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (a,), (b,) = (copy.execute(f"SELECT count(*) FROM {name}").fetchone() for name in "ab")
    assert a == b > ROWS
