"""Where expressions begin and end, in texts of every kind."""

import pytest

from crud.scripting.finding import Code, Unclosed, parts, without_code
from tests.tables import each

FOUND: list[tuple[str, list[str | Code]]] = [
    ("", []),
    ("plain $ {{ }} ${x}", ["plain $ {{ }} ${x}"]),
    ("${{1}}", [Code("1")]),
    ("a ${{ 1 }}b${{2}}${{3}} ", ["a ", Code(" 1 "), "b", Code("2"), Code("3"), " "]),
    ("${{ ({a: {b: 1}}).a.b }}", [Code(" ({a: {b: 1}}).a.b ")]),
    ("${{{a: 1}}}", [Code("{a: 1}")]),
    ("${{ '}}' }}", [Code(" '}}' ")]),
    ("${{ \"}}\" + '\\'}}' }}", [Code(" \"}}\" + '\\'}}' ")]),
    ("${{ `}} ${1}` }}", [Code(" `}} ${1}` ")]),
    ("${{ 1 /* }} ' */ }}", [Code(" 1 /* }} ' */ ")]),
    ("${{ 1 // one }}", [Code(" 1 // one ")]),
    ("${{ 1 // it's }\n + 2 }}", [Code(" 1 // it's }\n + 2 ")]),
    ("${{ 'a'.replace(/[/']}}/g, '') }}", [Code(" 'a'.replace(/[/']}}/g, '') ")]),
    ("${{ 6 / 3 }} and ${{ 4 / 2 }}", [Code(" 6 / 3 "), " and ", Code(" 4 / 2 ")]),
    ("${{ (6) / 3 }}'/", [Code(" (6) / 3 "), "'/"]),
    ("${{ } }}", [Code(" } ")]),
    ("${{ /* JS code here */ }}", [Code(" /* JS code here */ ")]),
]


@each(("text", "found"), FOUND)
def test_expressions_end_where_their_code_ends(text: str, found: list[str | Code]) -> None:
    assert parts(text) == found
    assert without_code(text) == "".join(part for part in found if isinstance(part, str))


@each("text", ["${{", "${{ 1 }", "${{ 'a }}", "${{ { }}", "${{ /* }}", "${{ (/a }}", "${{ ` }}", "ok ${{1}} ${{ ("])
def test_what_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(Unclosed) as told:
        parts(text)
    assert told.value.place == text.rindex("${{")
    assert without_code(text) == text


@each("part", ["'", '"', "`", "/*", "/", "(/[", "=/[", "{", "}", "${{", "${{1", "$", "//", "\\", "'\n"])
def test_a_text_is_read_once_whatever_it_is(part: str) -> None:
    without_code("${{ " + part * (30_000 // len(part)))  # again and again would be minutes
