"""`${NAME}` and `${NAME:-default}` in a configuration, and variables that are files (`NAME_FILE`).

In: the file's text and an environment. Out: text in which each reference is a mark that YAML reads as an ordinary
character, and a function that fills the marks in. So a value never becomes structure, and a comment needs no value.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}")
_MARK = re.compile("\ue000([0-9]+)\ue001")


class MissingVariable(Exception):
    """A variable without default that is not set."""


def value_of(variables: Mapping[str, str], name: str) -> str | None:
    """A variable, or else what the file holds that NAME_FILE names, without its last line's end. Raises
    MissingVariable."""
    value, path = variables.get(name), variables.get(f"{name}_FILE")
    if value or not path:
        return value
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        raise MissingVariable(f"the file that the environment variable {name}_FILE names cannot be read") from None


class Environment:
    """The references of one file."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._references: list[tuple[str, str | None]] = []

    def mark(self, text: str) -> str:
        """The text with a mark in the place of each reference."""
        return _REFERENCE.sub(self._remember, text)

    def fill(self, text: str) -> str:
        """The text with values in the place of marks. Raises MissingVariable."""
        return _MARK.sub(lambda match: self._value(int(match[1])), text)

    @staticmethod
    def marked(text: str) -> bool:
        """Whether a text has marks."""
        return bool(_MARK.search(text))

    def _remember(self, match: re.Match[str]) -> str:
        self._references.append((match[1], match[2]))
        return f"\ue000{len(self._references) - 1}\ue001"

    def _value(self, index: int) -> str:
        if index >= len(self._references):
            return ""
        name, default = self._references[index]
        value = value_of(self._variables, name)
        if default is not None:
            value = value or default
        if value is None:
            raise MissingVariable(f"the environment variable {name} is not set and has no default")
        return value
