"""A definition file as data with positions.

In: the text of a YAML or JSON file (JSON is YAML) and an environment. Out: `Document`: plain data, the line of each
key, and what came from the environment. Strict: no anchors, no tags, no repeated keys; `no`, `on` and dates stay
text; 1 MB.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.resolver import Resolver

from crud.definitions.environment import Environment, MissingVariable
from crud.definitions.place import Place
from crud.definitions.problems import Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
Keys = tuple[str, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False, "True": True, "False": False}


@dataclass
class Document:
    """What one file says. `substituted` has the text of each value that came from the environment."""

    file: str
    data: object = None
    lines: dict[Keys, int] = field(default_factory=dict)
    substituted: dict[Keys, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """The top of the file."""
        return Place(self.file, self.lines)


class _Loader(yaml.SafeLoader):
    """YAML without implicit types: every plain scalar arrives as text, `typed` gives it one."""

    yaml_implicit_resolvers = {}


def _fast_loader() -> Any:
    """The same with the parser of libyaml, where PyYAML has it: ten times as fast. Nodes are composed in Python, since
    libyaml's own composer has no end of depth."""
    if not yaml.__with_libyaml__:
        return _Loader
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    class Fast(Composer, CParser, Resolver):
        yaml_implicit_resolvers = {}

        def __init__(self, stream: str) -> None:
            CParser.__init__(self, stream)
            Composer.__init__(self)
            Resolver.__init__(self)

    return Fast


_FastLoader = _fast_loader()


def read_text(path: Path) -> tuple[str | None, list[Problem]]:
    """The text of a file, or what is wrong with it."""
    place = Place(str(path))
    try:
        raw = path.read_bytes()
    except OSError as error:
        return None, [Problem(f"cannot be read: {error.strerror}", place)]
    if len(raw) > MAX_BYTES:
        return None, [Problem(f"is larger than {MAX_BYTES} bytes", place)]
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError:
        return None, [Problem("is not UTF-8", place)]


def parse_document(text: str, environment: Mapping[str, str], *, file: str = "config.yml") -> Document:
    """The document of a text."""
    document = Document(file)
    variables = Environment(environment)
    try:
        node = _composed(variables.mark(text.lstrip("\ufeff")))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        document.problems.append(Problem(f"not valid YAML: {error.problem}", Place(file, {(): line})))
    except (yaml.YAMLError, RecursionError):
        document.problems.append(Problem("not valid YAML", Place(file)))
    else:
        document.data = _Walk(document, variables).value(node, ()) if node else None
    return document


def _composed(text: str) -> yaml.Node | None:
    """The text as nodes. What libyaml refuses is read again: the words and lines of PyYAML's refusals are ours."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_FastLoader)
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError):
        node = yaml.compose(text, Loader=_Loader)
    return node


def typed(text: str) -> object:
    """A plain scalar as YAML 1.2's core types it: null, true, false, a number, else text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _NUMBER.match(text) else text


class _Walk:
    """From nodes to data, noting lines and mistakes."""

    def __init__(self, document: Document, variables: Environment) -> None:
        self.document, self.variables = document, variables
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: Keys) -> object:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if not isinstance(node, yaml.ScalarNode) and id(node) in self._seen:
            return self._refuse(path, "anchors and aliases (& and *) are not allowed")
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            return self._refuse(path, f"is nested deeper than {MAX_DEPTH} levels")
        if node.tag.startswith("!") or "python" in node.tag:
            return self._refuse(path, f"tags ({node.tag}) are not allowed")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(item, (*path, str(index))) for index, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._scalar(node, path)
        return None

    def _mapping(self, node: yaml.MappingNode, path: Keys) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(path, "a key must be a text", line=key.start_mark.line + 1)
                continue
            name = self._filled(key.value, path)
            here = (*path, name)
            if name in made:
                self._wrong(here, "this key is given twice", line=key.start_mark.line + 1)
            self.document.lines[here] = key.start_mark.line + 1
            made[name] = self.value(value, here)
        return made

    def _scalar(self, node: yaml.ScalarNode, path: Keys) -> object:
        text = self._filled(node.value, path)
        if Environment.marked(node.value):
            self.document.substituted[path] = text
        return text if node.style else typed(text)

    def _filled(self, text: str, path: Keys) -> str:
        try:
            return self.variables.fill(text)
        except MissingVariable as missing:
            self._wrong(path, str(missing))
            return ""

    def _refuse(self, path: Keys, message: str) -> object:
        self._wrong(path, message)
        return None

    def _wrong(self, path: Keys, message: str, *, line: int | None = None) -> None:
        lines = self.document.lines if line is None else {path: line}
        self.document.problems.append(Problem(message, Place(self.document.file, lines, path)))
