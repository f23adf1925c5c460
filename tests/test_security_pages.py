"""What `docs/security` names exists: files below `tests/`, and tests in them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGES = sorted((TESTS.parent / "docs" / "security").glob("*.md"))
WORD = re.compile(r"`([a-z_/]+\.py|test_[a-z0-9_]+)`")
Named = tuple[str, str]


def entries(page: Path) -> list[str]:
    """The attacks of a page, each with its tests."""
    return re.split(r"\n(?=- \*\*)", page.read_text(encoding="utf-8"))[1:]


def named(entry: str) -> Iterator[Named]:
    """(file, test) of an attack; (file, "") where a file stands for all its tests."""
    file = ""
    for word in WORD.findall(entry.partition("*Tests:*")[2]):
        file = word if word.endswith(".py") else file
        yield file, word if word != file else ""


def is_there(file: str, test: str) -> bool:
    """Whether the file is one, and has this test."""
    path = TESTS / file
    return path.is_file() and f"def {test}{'(' if test else ''}" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_attack_has_tests_that_exist(page: Path) -> None:
    assert entries(page)
    for entry in entries(page):
        found = list(named(entry))
        assert found and [each for each in found if not is_there(*each)] == [], entry


def test_every_file_of_attacks_is_named() -> None:
    files = {file for page in PAGES for entry in entries(page) for file, _ in named(entry)}
    assert {f"attacks/{path.name}" for path in (TESTS / "attacks").glob("test_*.py")} <= files


def test_every_page_is_in_the_index() -> None:
    index = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
    assert {f"security/{page.name}" for page in PAGES} == set(re.findall(r"\]\((security/\w+\.md)\) \|", index))
