"""The texts of definitions: what the files say, before anything in them is understood.

In: the path of a configuration. Out: `Texts`, its text and those of its directory of metadata, with `${…}` as they are
written, so that they can be kept and read again elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from crud.definitions.document import Document, Keys, parse_document, read_text
from crud.definitions.place import Place
from crud.definitions.problems import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Texts:
    """The files of one configuration. `path` is where this process has it; `metadata`: name of a file → its text;
    `plans`: name of a plan that was taken anew → the text of the configuration that has it."""

    path: Path = field(compare=False)
    config: str
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    plans: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def document(self, environment: Mapping[str, str]) -> Document:
        """What the configuration says."""
        document = parse_document(self.config, environment, file=str(self.path))
        for name, text in self.plans.items():
            _take_plan(document, parse_document(text, environment, file=str(self.path)), name)
        return document

    def with_plan(self, name: str, text: str) -> "Texts":
        """The same, with a plan as another text of the configuration has it."""
        return replace(self, plans=MappingProxyType({**self.plans, name: text}))


def _take_plan(document: Document, other: Document, name: str) -> None:
    """Put a plan of another document in the place of what this one says of it, lines and variables with it."""
    at = ("plans", name)
    plans = other.data.get("plans") if isinstance(other.data, dict) else None
    if not isinstance(document.data, dict) or not isinstance(plans, dict) or name not in plans:
        return
    own = document.data.get("plans")
    document.data["plans"] = {**(own if isinstance(own, dict) else {}), name: plans[name]}
    _replace(document.lines, other.lines, at)
    _replace(document.substituted, other.substituted, at)
    document.problems += [problem for problem in other.problems if problem.place.path[:2] == at]


def _replace(mine: dict[Keys, T], others: Mapping[Keys, T], at: Keys) -> None:
    """What is said of the keys below a place."""
    for path in [path for path in mine if path[: len(at)] == at]:
        del mine[path]
    mine.update({path: held for path, held in others.items() if path[: len(at)] == at})


def gathered(path: Path, environment: Mapping[str, str]) -> tuple[Texts | None, Document, list[Problem]]:
    """The texts of files, the configuration as it was understood on the way, and what could not be read."""
    text, problems = read_text(path)
    if text is None:
        return None, Document(str(path), problems=problems), problems
    document = parse_document(text, environment, file=str(path))
    folder = metadata_of(document, path.parent)
    if folder is None:
        return Texts(path, text), document, []
    metadata, problems = folder_texts(folder, document.place / "metadata")
    return Texts(path, text, metadata), document, problems


def metadata_of(document: Document, base: Path) -> Path | None:
    """The directory of metadata that a configuration names."""
    named = document.data.get("metadata") if isinstance(document.data, dict) else None
    return base / named if isinstance(named, str) and named else None


def folder_texts(folder: Path, place: Place) -> tuple[Mapping[str, str], list[Problem]]:
    """The texts of a directory of metadata by the names of their files, and what could not be read."""
    if not folder.is_dir():
        return {}, [Problem(f"{folder.name!r} is not a directory", place)]
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.json")):
        text, wrong = read_text(file)
        problems += wrong
        if text is not None:
            found[file.name] = text
    return MappingProxyType(found), problems
