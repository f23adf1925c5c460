"""Ten thousand mixed reads and writes through four workers of gunicorn: nobody is told what was overwritten before he
asked, with each store. Prints how many answers were found, and how much sooner they came."""

import http.client
import json
import statistics
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.caching.watching import ROWS, Read, Write, watched
from tests.dialects.conftest import BACKENDS
from tests.load.serving import Service, serving
from tests.postgres import new_postgres
from tests.programs import ROOT

pytestmark = pytest.mark.long
ENTITY = "/schema/my-schema/my-entity"
QUERY = f"{ENTITY}?cache=60&fields=id,color&filter-expression={quote(f'id <= {ROWS}')}"
REQUESTS = 10_000


def callers(service: Service, closing: ExitStack) -> tuple[Read, Write]:
    """A reader and a writer over one connection."""
    connection: http.client.HTTPConnection = service.connect()
    closing.callback(connection.close)

    def read() -> tuple[Mapping[int, int], int | None]:
        status, body = service.send(connection, "GET", QUERY, None)
        assert status == 200, body
        answer = json.loads(body)
        return {row["id"]: int(row["color"]) for row in answer["rows"]}, answer["metadata"].get("__CACHE_EXPIRE__")

    def write(row: int, number: int) -> None:
        body = {"filter": {"id": row}, "data": {"color": str(number)}}
        status, said = service.send(connection, "PATCH", ENTITY, body)
        assert status == 204, said

    return read, write


@pytest.mark.parametrize("share", [0.02, 0.5], ids=["few writes", "many writes"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_read_is_older_than_the_last_acknowledged_write(
    kind: str, backend: str, share: float, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    postgres = backend == "postgres"
    url = new_postgres(request.getfixturevalue("postgres_server")) if postgres else f"sqlite:///{tmp_path / 'db'}"
    store = {"memory": "store: memory", "files": f"store: files, path: {tmp_path / 'kept'}"}.get(kind)
    store = store or f"store: redis, url: '{request.getfixturevalue('redis_url')}'"
    text = (ROOT / "config.yml").read_text().replace("sample: sample/", f"sample: {ROOT / 'sample'}/")
    (tmp_path / "config.yml").write_text(f"{text}\ncache: {{{store}}}\n")
    workers = {"WEB_CONCURRENCY": "1", "THREADS": "4"} if kind == "memory" else {}
    with serving(url, tmp_path, tmp_path / "config.yml", **workers) as service, ExitStack() as closing:
        _, write = callers(service, closing)
        for row in range(1, ROWS + 1):
            write(row, 0)
        seen = watched(8, REQUESTS, share, lambda: callers(service, closing))
    assert seen.old == []
    assert seen.reads + seen.writes == REQUESTS and seen.found
    found, made = (1000 * statistics.median(times) for times in (seen.found, seen.made))
    print(
        f"\n{kind}, {backend}: {seen.reads} reads, {seen.writes} writes; {seen.rate:.0%} found, {seen.plain} not kept;"
        f" median {found:.2f} ms found, {made:.2f} ms made"
    )
