"""The documentation is true: what it shows as curl lines runs over a sample of its own, and every page is reachable."""

import re
from pathlib import Path

import pytest

from crud.dialects import DIALECTS
from tests.dialects.conftest import Fresh, fresh_app
from tests.dialects.curl import lines, send
from tests.tables import each

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", [page for page in PAGES if any(lines(page))], ids=lambda page: page.name)
def test_the_examples_of_a_page_run_one_after_the_other(fresh: Fresh, page: Path) -> None:
    token = fresh.admin
    for line in lines(page):
        answer = send(fresh.client, line, token)
        assert line.expected(answer.status_code), f"{answer.status}: {line.text}\n{answer.get_data(as_text=True)}"
        token = fresh_app(fresh.app).admin if "logout" in line.url else token


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_has_a_page_with_examples_of_reading_and_writing(name: str) -> None:
    methods = {line.method for line in lines(ROOT / "docs" / "dialects" / f"{name}.md")}
    assert {"GET", "POST", "DELETE"} <= methods and methods & {"PUT", "PATCH"}


@each("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
