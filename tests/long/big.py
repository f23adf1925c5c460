"""Big files of real shape, made while they are read, and how much memory it takes to work with them.

As a program (`python -m tests.long.big WORK CONFIG ROWS [BAD]`) it does one piece of work in a process of its own and
prints a line of JSON: rows, seconds, and by how many megabytes the most memory ever held has grown.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from crud.access.actor import Actor
from crud.definitions.reading import read_config
from crud.definitions.settings import DIALECTS
from crud.exporting import FORMATS, exported, stream
from crud.importing.cells import rows_from_csv
from crud.importing.engine import import_rows
from crud.presentation import View
from crud.snapshots import startup
from crud.snapshots.state import Context
from sql.query import Asked

HEADER = "sku,title,price,amount,active,born,seen,data,tags\r\n"


def line(number: int, bad: int = 0) -> str:
    """A row of about 170 bytes. Of a file with a row `bad`, which has the key of the first, rows are short."""
    sku = 1 if number == bad else number
    if bad:
        return f"SKU-{sku:08d},,,,,,,,\r\n"
    return (
        f'SKU-{sku:08d},"Thing {number}, the ""large"" one\nin two lines, é",{number % 1000}.{number % 100:02d},'
        f"{number % 500},{'true' if number % 2 else 'false'},2024-01-{number % 28 + 1:02d},"
        f"2024-01-{number % 28 + 1:02d}T10:{number % 60:02d}:00Z,"
        f'"{{""tags"":[""a"",""b""],""n"":{number}}}","[""red"",""x{number % 9}""]"\r\n'
    )


class Generated:
    """A CSV file that nobody has to keep."""

    def __init__(self, rows: int, bad: int = 0) -> None:
        self.size = 0
        self.lines = self._lines(rows, bad)
        self.held = HEADER.encode()

    def _lines(self, rows: int, bad: int) -> Iterator[bytes]:
        for start in range(1, rows + 1, 500):
            yield "".join(line(number, bad) for number in range(start, min(start + 500, rows + 1))).encode()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        while len(self.held) < size and (more := next(self.lines, b"")):
            self.held += more
        piece, self.held = self.held[:size], self.held[size:]
        self.size += len(piece)
        return piece


def peak() -> int:
    """The most memory that this process has ever held, in kilobytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def imported(context: Context, view: View, rows: int, bad: int) -> dict[str, object]:
    """Import a generated file."""
    file, resource = Generated(rows, bad), view.resource
    writable = {name: c for name, c in resource.columns.items() if not c.read_only}
    done = import_rows(context, resource, rows_from_csv(file, view, writable))
    errors = [(error.number, error.message) for error in done.errors]
    return {"rows": done.imported, "bytes": file.size, "errors": errors}


def exported_rows(context: Context, view: View, rows: int, bad: int) -> dict[str, object]:
    """Export everything, to nowhere."""
    chunks = stream(context, Asked(exported(view)))
    pieces = FORMATS["csv"](chunks, view.columns)
    lines = size = 0
    for piece in pieces:
        size += len(piece)
        lines += piece.count(b"SKU-")
    return {"rows": lines, "bytes": size, "errors": []}


WORK = {"import": imported, "export": exported_rows}


def main(work: str, config: str, rows: str, bad: str = "0") -> None:
    """Do the work once small, so that everything is loaded, then as it was asked."""
    snapshot = startup.assemble(read_config(Path(config)), DIALECTS)
    context = Context(snapshot, Actor(roles=frozenset({"admin"})))
    view = snapshot.presentations["baasix"].view(snapshot.catalog.resource("things"))
    if work == "import":
        WORK[work](context, view, 1000, 1000)  # is undone
    before, started = peak(), time.monotonic()
    told = WORK[work](context, view, int(rows), int(bad))
    seconds = time.monotonic() - started
    print(json.dumps({**told, "seconds": round(seconds, 2), "grown": round((peak() - before) / 1024, 1)}))
    snapshot.system.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
