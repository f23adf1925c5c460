"""The texts of definitions: what the files say, before anything in them is understood.

In: the path of a configuration. Out: `Texts`, its text and those of its directory of metadata, with `${…}` as they are
written, so that they can be kept and read again elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from crud.definitions.document import Document, parse_document, read_text
from crud.definitions.place import Place
from crud.definitions.problems import Problem


@dataclass(frozen=True)
class Texts:
    """The files of one configuration. `path` is where this process has it; `metadata`: name of a file → its text."""

    path: Path = field(compare=False)
    config: str
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def document(self, environment: Mapping[str, str]) -> Document:
        """What the configuration says."""
        return parse_document(self.config, environment, file=str(self.path))


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
