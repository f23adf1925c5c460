"""The sample, and what the service says of the requests to it."""

import json
from collections.abc import Callable, Iterator
from io import StringIO

import pytest

from crud import logs
from tests.dialects.conftest import (
    admin,
    applications,
    client,
    database_url,
    empty_url,
    fresh,
    fresh_home,
    fresh_url,
    make_app,
    sample,
    template,
    user,
)

__all__ = ["admin", "applications", "client", "database_url", "empty_url", "fresh", "fresh_home", "fresh_url"]
__all__ += ["make_app", "sample", "template", "user"]
Line = dict[str, object]
Lines = Callable[..., list[Line]]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """All that is logged, also by applications that are made meanwhile."""
    written = StringIO()
    logs.configure()
    with monkeypatch.context() as patch:
        patch.setattr(logs.SINK, "file", written)
        patch.setattr(logs, "configure", lambda stream: None)
        yield written


@pytest.fixture
def lines(log: StringIO) -> Lines:
    """`lines("request")`: the lines of this event."""

    def found(event: str) -> list[Line]:
        read = [json.loads(line) for line in log.getvalue().split("\n")[:-1]]
        return [line for line in read if line["event"] == event]

    return found
