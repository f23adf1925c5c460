"""Checks data against a JSON Schema and says in plain words what is wrong.

In: a `Document` and a schema. Out: problems with positions. A value from the environment is taken as text or typed as
YAML, whichever the schema wants. Such a value, and what stands where secrets stand, is never shown.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from crud.definitions.document import Document, typed
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.words import Schema

_ARTICLES = {
    "string": "a text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


_SECRET = object()
_SECRET_KEYS = frozenset({("secret",), ("password",), ("private",), ("token",), ("url",), ("storage",)})


def check_shape(document: Document, schema: Schema) -> list[Problem]:
    """All that is wrong with the shape of a document."""
    validator = Draft202012Validator(schema)
    wrong = False
    for error in validator.iter_errors(document.data):
        _retype(document, error)
        wrong = True
    if not wrong:
        return []
    problems = [_problem(document, error) for error in validator.iter_errors(document.data)]
    return [problem for found in problems for problem in found]


def _retype(document: Document, error: ValidationError) -> None:
    path = tuple(str(key) for key in error.absolute_path)
    text = document.substituted.get(path)
    if error.validator != "type" or text is None or not path:
        return
    parent = document.data
    *above, last = error.absolute_path
    for key in above:
        parent = parent[key]  # type: ignore[index]
    parent[last] = typed(text) if isinstance(error.instance, str) else text  # type: ignore[index]


def _problem(document: Document, error: ValidationError) -> Iterator[Problem]:
    place = Place(document.file, document.lines, tuple(str(key) for key in error.absolute_path))
    if error.validator == "additionalProperties":
        known = tuple(_part(error.schema, "properties"))
        for key in _part(error.instance):
            if key not in known:
                yield Problem("unknown key", place / str(key), allowed=known)
        return
    if isinstance(error.instance, str | int | float) and _is_secret(document, place.path):
        error.instance, error.message = _SECRET, "is not allowed here"
    words = _WORDS.get(str(error.validator))
    message, allowed = words(error) if words else (error.message, ())
    yield Problem(message, place, allowed=allowed)


def _is_secret(document: Document, path: tuple[str, ...]) -> bool:
    return path in document.substituted or path[-1:] in _SECRET_KEYS


def _part(data: Any, key: str | None = None) -> Any:
    return data if key is None else data[key]


def _kinds(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    names = [_ARTICLES[str(name)] for name in wanted]
    return f"must be {' or '.join(names)}, not {_shown(error.instance)}", ()


def _one_of(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    return f"{_shown(error.instance)} is not allowed", tuple(str(word) for word in _part(error.validator_value))


def _missing(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    missing = [str(name) for name in _part(error.validator_value) if name not in _part(error.instance)]
    return f"lacks the key {' and '.join(missing)}", ()


def _pattern(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    if "crudal" in str(error.validator_value):
        return f"{_shown(error.instance)} must be distinct letters", tuple("crudal")
    if "minute" in str(error.validator_value):
        return f"{_shown(error.instance)} must be like 20/minute, or empty", ("second", "minute", "hour", "day")
    if "https?" in str(error.validator_value):
        like = "like https://app.example.com, in small letters, without a path and without the scheme's own port"
        return f"{_shown(error.instance)} must be {like}", ()
    if ":" in str(error.validator_value):
        return f"{_shown(error.instance)} must be like package.module:function", ()
    return f"{_shown(error.instance)} must be a path like /api", ()


def _bound(word: str) -> Callable[[ValidationError], tuple[str, tuple[str, ...]]]:
    return lambda error: (f"{_shown(error.instance)} must be {word} {error.validator_value}", ())


def _empty(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    return "must not be empty", ()


def _shown(value: object) -> str:
    match value:
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "nothing"
        case _ if value is _SECRET:
            return "what is given"
        case _:
            return repr(value)[:60]


_WORDS: Mapping[str, Callable[[ValidationError], tuple[str, tuple[str, ...]]]] = {
    "type": _kinds,
    "enum": _one_of,
    "required": _missing,
    "pattern": _pattern,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _empty,
}
