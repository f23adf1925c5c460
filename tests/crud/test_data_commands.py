"""`flask data import` and `flask data export`: what a terminal shows, what a file holds."""

import csv
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from crud.definitions.reading import read_config
from tests.crud.shop import CONFIG

ROOT = Path(__file__).resolve().parents[2]
THINGS = 'sku,title,price,active,data\nA,=1+1,1.50,true,"{""k"":[1]}"\nB,\'-x,,false,\nC,,2,,[]\n'


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    path = tmp_path / "shop.yml"
    path.write_text(CONFIG.format(url=database_url, more=""))
    made = create_app(read_config(path))
    yield made
    made.extensions["dragoman"].state.current().system.close()


def run(app: Flask, *words: str, stdin: str | bytes = b"") -> Result:
    return app.test_cli_runner().invoke(args=["data", *words], input=stdin)


def loaded(app: Flask) -> Flask:
    assert run(app, "import", "-", "things", stdin=THINGS).exit_code == 0
    return app


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


# ---------------------------------------------------------------- import


def test_an_import_says_how_many_and_how_fast(app: Flask) -> None:
    done = run(app, "import", "-", "things", stdin=THINGS)
    assert re.fullmatch(r"3 rows were imported into things \([\d.]+ s, \d+ rows/s\)\.\n", done.output)


def test_a_summary_can_be_json(app: Flask) -> None:
    done = run(app, "import", "-", "things", "--json", stdin=THINGS)
    summary = json.loads(done.output)
    assert (summary["imported"], summary["failed"], summary["errors"]) == (3, 0, [])
    done = run(app, "import", "-", "things", "--json", stdin="sku,amount\nX,y\n")
    assert done.exit_code == 1
    assert json.loads(done.output)["errors"] == [
        {"row": 1, "error": "amount: Expected an integer", "fields": ["amount"]}
    ]


def test_mistakes_are_printed_and_nothing_is_written(app: Flask) -> None:
    done = run(app, "import", "-", "things", stdin="sku,amount\nX,1\nY,y\n,2\n")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "row 2: amount: Expected an integer",
        "row 3: sku cannot be null",
        "Nothing was imported: 2 rows are bad.",
    ]
    assert run(app, "export", "things", "--fields", "sku").output == "sku\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "sku\nA\n"), ("a.json", '[{"sku":"A"}]'), ("a.ndjson", '{"sku":"A"}\n'), ("a.jsonl", '{"sku":"A"}')],
)
def test_the_name_of_a_file_says_its_format(app: Flask, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert run(app, "import", str(tmp_path / name), "things").exit_code == 0
    assert run(app, "export", "things", "--fields", "sku").stdout_bytes == b"sku\r\nA\r\n"


REFUSED = [
    (("import", "-", "thinks"), "There is no resource 'thinks'. Did you mean things"),
    (("import", "-", "things"), "file: is empty; its first line must name the columns"),
    (("import", "-", "things", "--format", "json"), "file: must be a JSON array of objects"),
    (("export", "zzzzzz"), "There is no resource 'zzzzzz'."),
    (("export", "things", "--fields", "sku,titel"), "There is no field 'titel' in things. Did you mean title?"),
    (("export", "things", "--fields", "secret"), "There is no field 'secret' in things."),
    (("export", "things", "--output", "/nowhere/at/all.csv"), "No such file or directory"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_a_refusal_is_one_line(app: Flask, words: tuple[str, ...], said: str) -> None:
    done = run(app, *words)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output


@pytest.mark.parametrize("name", ["things", "Thing", "thing"])
def test_a_resource_has_the_names_of_every_dialect(app: Flask, name: str) -> None:
    assert run(app, "export", name, "--fields", "sku").output == "sku\n"


def test_rows_are_given_to_a_tenant(app: Flask) -> None:
    assert run(app, "import", "-", "stock", "--tenant", "acme", stdin="name\nA\n").exit_code == 0
    assert run(app, "export", "stock", "--fields", "org,name").output == "org,name\nacme,A\n"
    assert "row 1: org is required" in run(app, "import", "-", "stock", stdin="name\nA\n").output


# ---------------------------------------------------------------- export


def test_an_export_has_what_the_wire_has(app: Flask) -> None:
    lines = run(loaded(app), "export", "things", "--format", "ndjson").output.splitlines()
    rows = [json.loads(line) for line in lines]
    assert json.loads(run(app, "export", "things", "--format", "json").output) == rows
    assert [row["sku"] for row in rows] == ["A", "B", "C"]
    assert (rows[0]["price"], rows[0]["data"], rows[2]["data"], rows[1]["data"]) == (1.5, {"k": [1]}, [], None)
    assert rows[0]["createdAt"].endswith("Z") and "secret" not in rows[0]


def test_no_rows_are_an_empty_array(app: Flask) -> None:
    assert run(app, "export", "things", "--format", "json").output == "[]\n"
    assert run(app, "export", "things", "--format", "ndjson").output == ""


@pytest.mark.parametrize(("raw", "first", "second"), [((), "'=1+1", "''-x"), (("--raw",), "=1+1", "'-x")])
def test_a_spreadsheet_sees_no_formula(app: Flask, raw: tuple[str, ...], first: str, second: str) -> None:
    done = run(loaded(app), "export", "things", "--fields", "sku,title,price,active,data", *raw)
    assert cells(done.stdout_bytes.decode().replace(": ", ":")) == [  # each database spaces its JSON
        ["sku", "title", "price", "active", "data"],
        ["A", first, "1.5", "true", '{"k":[1]}'],
        ["B", second, "", "false", ""],
        ["C", "", "2", "true", "[]"],
    ]


FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''+", "'", "plain", "a=1", "'quoted'"]


def test_marks_before_formulas_are_taken_away_again(app: Flask) -> None:
    rows = "".join(json.dumps({"sku": f"S{i}", "title": text}) + "\n" for i, text in enumerate(FORMULAS))
    assert run(app, "import", "-", "things", "--format", "ndjson", stdin=rows).exit_code == 0
    exported = run(app, "export", "things", "--fields", "sku,title").stdout_bytes
    assert [row[1][:1] for row in cells(exported.decode())[1:7]] == ["'"] * 6
    again = exported.replace(b"\r\nS", b"\r\nT")
    assert run(app, "import", "-", "things", "--spreadsheet", stdin=again).exit_code == 0
    lines = run(app, "export", "things", "--format", "ndjson", "--fields", "title").output.splitlines()
    assert [json.loads(line)["title"] for line in lines] == FORMULAS * 2


def test_an_export_can_be_imported_again(app: Flask, tmp_path: Path) -> None:
    fields = "sku,title,price,amount,active,born,seen,data,tags"
    before = run(loaded(app), "export", "things", "--fields", fields, "--raw", "--output", str(tmp_path / "a.csv"))
    assert before.exit_code == 0 and not list(tmp_path.glob("*.part"))
    text = (tmp_path / "a.csv").read_bytes().replace(b"\r\n", b"\r\nZ").removesuffix(b"Z")
    assert run(app, "import", "-", "things", stdin=text).exit_code == 0
    rows = [json.loads(line) for line in run(app, "export", "things", "--format", "ndjson").output.splitlines()]
    values = [{name: row[name] for name in fields.split(",")[1:]} for row in rows]
    assert values[:3] == values[3:]


# ---------------------------------------------------------------- a terminal


def test_a_terminal_gets_a_bar(sqlite_url: str, tmp_path: Path) -> None:
    """Standard error is a terminal of our own; standard output stays clean."""
    path = tmp_path / "shop.yml"
    path.write_text(CONFIG.format(url=sqlite_url, more=""))
    (tmp_path / "a.csv").write_text("sku\n" + "".join(f"S{i}\n" for i in range(2000)))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "flask", "--app", "app", "data", "import", str(tmp_path / "a.csv"), "things"]
    environment = {**os.environ, "DRAGOMAN_CONFIG": str(path), "TERM": "xterm"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stderr=theirs, stdout=subprocess.PIPE, text=True, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "━" in shown and done.stdout.startswith("2000 rows were imported into things")


# ---------------------------------------------------------------- the documentation

FILES = {
    "contacts.csv": "organization_id,name,email\n00000000-0000-0000-0000-000000000002,Ann,ann@example.org\n",
    "products.ndjson": '{"name":"Lamp","price":12.5}\n',
}
LINES = [
    line.strip().removeprefix("flask --app app ")
    for line in (ROOT / "docs" / "data.md").read_text(encoding="utf-8").splitlines()
    if line.strip().startswith("flask --app app data")
]


def test_the_lines_of_the_documentation_run(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("DRAGOMAN_SECRET", "a secret of the tests that is long enough")
    app = create_app(ROOT / "config.yml")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert len(LINES) == 4
    for line in LINES:
        words, _, redirected = line.partition(" < ")
        done = app.test_cli_runner().invoke(args=shlex.split(words), input=FILES.get(redirected, ""))
        assert done.exit_code == 0, (line, done.output)
    assert len(cells((tmp_path / "products.csv").read_text())) == 32
    app.extensions["dragoman"].state.current().system.close()
