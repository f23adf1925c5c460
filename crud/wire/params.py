"""The parameters of a request: what the five grammars have in common before any name is known.

In: texts of a request. Out: single values, brackets, JSON, numbers, words. Knows no HTTP object: a `Reader` is made
from plain lists. Every refusal is an `ApiError` that names the parameter, what is wrong and what was expected.
"""

import re
from collections.abc import Iterable, Sequence

from crud.errors import ApiError, bad_parameter
from crud.wire.strict import NotJson, strict_json


class Reader:
    """The parameters of one request, taken one by one; what nobody took is refused by `finish`."""

    def __init__(self, parameters: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._left: dict[str, list[str]] = {name: list(values) for name, values in parameters}

    def take(self, name: str) -> str | None:
        """The parameter's one value, or None where it is absent. Given twice it is a 400."""
        values = self._left.pop(name, None)
        if values is None:
            return None
        if len(values) > 1:
            raise bad_parameter(name, f"given {len(values)} times, expected once")
        return values[0]

    def take_all(self, name: str) -> list[str]:
        """All values of a parameter that may be repeated, also under `name[]`."""
        return self._left.pop(name, []) + self._left.pop(f"{name}[]", [])

    def take_bracketed(self, name: str) -> list[tuple[tuple[str, ...], str]]:
        """`name[a][b]=v` as ((a, b), v), in the order of the request; repeated keys are repeated here."""
        found = []
        for written in [key for key in self._left if key.startswith(f"{name}[")]:
            keys = bracket_keys(name, written)
            found += [(keys, value) for value in self._left.pop(written)]
        return found

    def finish(self) -> None:
        """Refuse what is left. A parameter nobody knows is never ignored: it may have been meant as a filter."""
        for name in self._left:
            raise ApiError("bad_parameter", f"Unknown query parameter {name!r}", parameter=name)


_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def bracket_keys(name: str, written: str) -> tuple[str, ...]:
    """The keys of `name[a][b]`. Raises for anything that is not a row of closed brackets."""
    rest = written[len(name) :]
    if not re.fullmatch(r"(\[[^\[\]]*\])+", rest):
        raise bad_parameter(written, f"expected the form {name}[field][operator]")
    return tuple(_BRACKETS.findall(rest))


def json_value(text: str, parameter: str) -> object:
    """The JSON of a parameter. Repeated keys, NaN and depth beyond 64 are refused: each could hide a condition."""
    try:
        return strict_json(text)
    except NotJson as error:
        raise bad_parameter(parameter, str(error)) from None


def whole_number(text: str, parameter: str, *, low: int, high: int, message: str | None = None) -> int:
    """An integer within bounds, or a 400 (`message` in the dialect's words)."""
    if re.fullmatch(r"-?[0-9]{1,15}", text) and low <= int(text) <= high:
        return int(text)
    if message is not None:
        raise ApiError("bad_parameter", message, parameter=parameter)
    raise bad_parameter(parameter, f"{text[:40]!r} is not an integer between {low} and {high}")


def truth(text: str, parameter: str) -> bool:
    """true or false as a parameter writes it. Raises ApiError."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise bad_parameter(parameter, f"{text[:40]!r} is not true or false")
    return words[text.lower()]


def comma_list(text: str) -> list[str]:
    """The words of a comma list, blanks around them dropped, empty ones too."""
    return [word.strip() for word in text.split(",") if word.strip()]
