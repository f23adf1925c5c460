"""The loose JSON of Metal's parameters: `{color:"red"}` as its document writes it, beside strict JSON.

In: the text of a parameter. Out: a dict. The loose form is one flat object: names may stand without quotation marks,
texts in either kind of them, a comma after the last pair; values are scalars or lists of scalars, or `${{ code }}`.
Each character is read once.
"""

import json
import re
from typing import NoReturn

from crud.errors import ApiError, bad_parameter
from crud.scripting.finding import OPEN, Unclosed, end_of
from crud.wire.params import json_value

_BLANK = re.compile(r"\s*+")
_NAME = re.compile(r"[^\W\d][\w.$-]*+")
_TEXT = re.compile(r"\"(?:[^\"\\]++|\\.)*+\"|'(?:[^'\\]++|\\.)*+'", re.DOTALL)
_NUMBER = re.compile(r"-?+[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+(?![\w.])")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONSTANTS = {"true": True, "false": False, "null": None}


def read_object(text: str, parameter: str) -> dict[str, object]:
    """The object that a parameter holds. Raises ApiError that names the place of a slip."""
    try:
        found = json_value(text, parameter)
    except ApiError:
        if not text.strip().startswith("{"):
            raise not_an_object(parameter) from None
        return _Loose(text.strip(), parameter).whole()
    if not isinstance(found, dict):
        raise not_an_object(parameter)
    return found


def not_an_object(parameter: str) -> ApiError:
    """Metal's own words for a parameter that holds no object."""
    return ApiError("bad_parameter", f"request/query/{parameter} must be object", parameter=parameter)


class _Loose:
    def __init__(self, text: str, parameter: str) -> None:
        self.text, self.parameter, self.at = text, parameter, 0

    def whole(self) -> dict[str, object]:
        self.need("{")
        made: dict[str, object] = {}
        while not self.took("}"):
            key = self.key()
            if key in made:
                self.refuse(f"the name {key[:40]!r} only once")
            self.need(":")
            made[key] = self.value()
            if not self.took(","):
                self.need("}")
                break
        if self.at < len(self.text):
            self.refuse("the end")
        return made

    def key(self) -> str:
        text = self.match(_TEXT)
        if text is not None:
            return self.unquoted(text)
        return self.match(_NAME) or self.refuse("a name")

    def value(self) -> object:
        if not self.took("["):
            return self.scalar()
        items: list[object] = []
        while not self.took("]"):
            items.append(self.scalar())
            if not self.took(","):
                self.need("]")
                break
        return items

    def scalar(self) -> object:
        if (text := self.match(_TEXT)) is not None:
            return self.unquoted(text)
        if (number := self.match(_NUMBER)) is not None:
            return int(number) if re.fullmatch(r"-?[0-9]{1,18}", number) else number
        if self.text.startswith(OPEN, self.at):
            return self.code()
        start, word = self.at, self.match(_NAME)
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        self.at = start
        return self.refuse("a value (text in quotation marks, a number, true, false, null or a list of them)")

    def code(self) -> str:
        start = self.at
        try:
            self.at = end_of(self.text, start)
        except Unclosed:
            self.refuse("an expression that is closed")
        written = self.text[start : self.at]
        self.blank()
        return written

    def unquoted(self, written: str) -> str:
        try:
            if written[0] == '"':
                text: str = json.loads(written)
                return text
        except ValueError:
            self.refuse("a JSON text")
        return _ESCAPE.sub(r"\1", written[1:-1])

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.blank()
        return found[0]

    def took(self, mark: str) -> bool:
        found = self.text.startswith(mark, self.at)
        if found:
            self.at += len(mark)
            self.blank()
        return found

    def need(self, mark: str) -> None:
        if not self.took(mark):
            self.refuse(repr(mark))

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def refuse(self, expected: str) -> NoReturn:
        raise bad_parameter(self.parameter, f"position {self.at + 1}: expected {expected}")
