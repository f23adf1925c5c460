"""Files of 50 MB and tables of a million rows: what goes through is right, and no more memory is held than for small ones.

Each piece of work runs in a process of its own, which tells its own peak. `-s` shows the figures.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sql.database import Options
from sql.opening import open_database
from tests.crud.shop import CONFIG
from tests.long.big import HEADER, line

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[2]
MOST_GROWN = 60
FIFTY_MB = 300_000


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Path:
    path = tmp_path / "shop.yml"
    path.write_text(CONFIG.format(url=database_url, more=""))
    return path


def run(*words: object, config: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DRAGOMAN_CONFIG": str(config)}
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def work(name: str, config: Path, rows: int, bad: int = 0) -> dict[str, object]:
    """One piece of work, and its figures."""
    done = run("-m", "tests.long.big", name, config, rows, bad, config=config)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    speed = rows / max(float(str(told["seconds"])), 0.01)
    print(
        f"\n{name} {rows} rows: {told['bytes']} bytes, {told['seconds']} s, {speed:.0f} rows/s, {told['grown']} MB more"
    )
    return told


def count(url: str) -> object:
    database = open_database(url, options=Options())
    try:
        return database.fetch("SELECT count(*) FROM things")[0][0]
    finally:
        database.close()


def test_fifty_megabytes_are_imported_and_exported(config: Path, database_url: str) -> None:
    told = work("import", config, FIFTY_MB)
    assert told["rows"] == FIFTY_MB == count(database_url)
    assert told["bytes"] > 50_000_000 and told["errors"] == [] and told["grown"] < MOST_GROWN
    told = work("export", config, FIFTY_MB)
    assert told["rows"] == FIFTY_MB and told["grown"] < MOST_GROWN


def test_the_command_line_imports_fifty_megabytes(config: Path, database_url: str, tmp_path: Path) -> None:
    with (tmp_path / "big.csv").open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER)
        file.writelines(line(number) for number in range(1, FIFTY_MB + 1))
    measured = f"""
import sys; from pathlib import Path; from tests.long.big import peak; from app import create_app
app = create_app(Path({str(config)!r})); before = peak()
try: app.cli.main(["data", "import", {str(tmp_path / "big.csv")!r}, "things", "--json"], obj=None)
except SystemExit as end: print((peak() - before) // 1024, file=sys.stderr); raise
"""
    done = run("-c", measured, config=config)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    grown = int(done.stderr.splitlines()[-1])
    print(f"\nflask data import: {summary['seconds']} s, {summary['rows_per_second']} rows/s, {grown} MB more")
    assert summary["imported"] == FIFTY_MB == count(database_url) and grown < MOST_GROWN


def test_row_999_999_of_a_million_is_named_and_undoes_everything(config: Path, database_url: str) -> None:
    told = work("import", config, 1_000_000, 999_999)
    assert told["errors"] == [[999_999, "A row with this value exists already (sku)"]]
    assert told["rows"] == 0 == count(database_url) and told["grown"] < MOST_GROWN


SERIES = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT i FROM n",
    "postgres": "SELECT i FROM generate_series(1, 1000000) AS g(i)",
}


def test_a_million_rows_are_exported(config: Path, database_url: str) -> None:
    assert work("export", config, 1)["rows"] == 0
    database = open_database(database_url, options=Options(statement_seconds=300))
    numbers = SERIES[database.backend.name]
    columns = "'SKU-' || i, 'Thing ' || i, i, '2024-01-01T00:00:00.000Z'"
    with database.transaction() as session:
        session.execute(f'INSERT INTO things (sku, title, amount, "createdAt") SELECT {columns} FROM ({numbers}) AS n')
    database.close()
    told = work("export", config, 1_000_000)
    assert told["rows"] == 1_000_000 and told["grown"] < MOST_GROWN
