"""The documentation of rules is true: what it shows of a terminal is what the terminal shows."""

import re
import shlex
from pathlib import Path

import pytest

from app import create_app

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
BLOCKS = re.findall(r"```(yaml|console)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SHOWN = [text.removeprefix("$ flask ").partition("\n") for kind, text in BLOCKS if kind == "console"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("access")
    (made / "config.yml").write_text(next(text for kind, text in BLOCKS if kind == "yaml"))
    return made


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown[0])
def test_what_the_page_shows_of_a_terminal_is_true(
    folder: Path, shown: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    app = create_app("config.yml")
    done = app.test_cli_runner().invoke(args=shlex.split(shown[0]))
    app.extensions["dragoman"].state.current().system.close()
    assert done.output == shown[2]


def test_the_page_shows_something() -> None:
    assert len(SHOWN) == 3
