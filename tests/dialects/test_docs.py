"""The documentation is true: every request it shows as a curl line runs over the sample, and every page is reachable."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from crud.dialects import DIALECTS
from tests.dialects.conftest import Token

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BASE = "http://127.0.0.1:3000"


def curls(page: Path) -> list[str]:
    """The curl commands of a page, broken lines joined; signing in is tested elsewhere."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.startswith("curl ") and "/auth/" not in line]


EXAMPLES = [pytest.param(line, id=f"{page.stem}: {line[:90]}") for page in PAGES for line in curls(page)]


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_documentation_runs(client: FlaskClient, admin: Token, line: str) -> None:
    words = shlex.split(line)
    url = next(word for word in words if word.startswith(BASE)).removeprefix(BASE)
    data = [tuple(words[at + 1].split("=", 1)) for at, word in enumerate(words) if word == "--data-urlencode"]
    path = url + ("?" + urlencode(data) if data else "")
    answer = client.get(path, headers=admin if "$TOKEN" in line else {})
    assert answer.status_code == (400 if "secret" in line else 200), answer.get_data(as_text=True)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_has_a_page_with_examples(name: str) -> None:
    assert curls(ROOT / "docs" / "dialects" / f"{name}.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
