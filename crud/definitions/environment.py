"""`${NAME}` and `${NAME:-default}` in a configuration.

In: the file's text and an environment. Out: text in which each reference is a mark that YAML reads as an ordinary
character, and a function that fills the marks in. So a value never becomes structure, and a comment needs no value.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}")
_MARK = re.compile("\ue000([0-9]+)\ue001")


class MissingVariable(Exception):
    """A variable without default that is not set."""


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
        value = self._variables.get(name)
        if default is not None:
            value = value or default
        if value is None:
            raise MissingVariable(f"the environment variable {name} is not set and has no default")
        return value
