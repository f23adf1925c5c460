"""One field of a schema that is a column.

In: a field as Baasix writes it. Out: what a definition says of the column; what is wrong with it as (key, words).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from crud.dialects.baasix.schemas.defaults import BadDefault, default_of
from crud.dialects.baasix.schemas.validation import BadRule, rules_of
from crud.dialects.baasix.schemas.words import TYPES, VIRTUAL
from sql.types import TYPES as OURS

Data = dict[str, Any]
TOKEN_LENGTH = 9


class BadField(Exception):
    """What is wrong with a field: the key, and words."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key, self.message = key, message


def column(written: Mapping[str, Any]) -> Data:
    """What a definition says of a column. Raises BadField."""
    if written["type"] == VIRTUAL:
        return _computed(written)
    data: Data = {**TYPES[written["type"]]}
    data |= _sizes(written, data["type"])
    data |= dict(_flags(written))
    _default(data, written)
    _rules(data, written.get("validate", {}))
    return data


def _computed(written: Mapping[str, Any]) -> Data:
    if "calculated" not in written:
        raise BadField("calculated", "a VIRTUAL field needs its expression")
    for key in ("defaultValue", "default", "unique", "primaryKey", "validate", "values"):
        if written.get(key):
            raise BadField(key, "does not go with VIRTUAL")
    return {"formula": written["calculated"], **_described(written)}


def _described(written: Mapping[str, Any]) -> Data:
    words = written.get("description") or written.get("comment")
    return {"description": words} if words else {}


def _flags(written: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "calculated" in written:
        raise BadField("calculated", "goes with VIRTUAL")
    if written.get("primaryKey"):
        yield "key", True
    if written.get("allowNull") is False:
        yield "required", True
    if written.get("unique") and not written.get("primaryKey"):
        yield "unique", True
    yield from _described(written).items()


def _sizes(written: Mapping[str, Any], name: str) -> Data:
    values = written.get("values", {})
    if name == "enum":
        listed = values if isinstance(values, list) else values.get("values")
        if not listed or len(set(listed)) < len(listed):
            raise BadField("values", "an ENUM needs a list of different words")
        return {"values": list(listed)}
    if isinstance(values, list) or "values" in values:
        raise BadField("values", "a list of words goes with ENUM")
    made: Data = {}
    if "length" in values or written["type"] == "TOKEN":
        if OURS[name].family != "text":
            raise BadField("values.length", "goes with texts")
        made["max_length"] = values.get("length", TOKEN_LENGTH)
    if "precision" in values or "scale" in values:
        if name not in ("decimal", "number"):
            raise BadField("values.precision", "goes with Decimal")
        if name == "decimal":
            made |= {"precision": values.get("precision", 10), "scale": values.get("scale", 0)}
    return made


def _default(data: Data, written: Mapping[str, Any]) -> None:
    key = "defaultValue" if "defaultValue" in written else "default"
    family = OURS[data["type"]].family
    try:
        data |= default_of(written.get(key), family)
    except BadDefault as error:
        raise BadField(key, str(error)) from None
    if data.get("default") == "increment" and not data.get("key"):
        raise BadField(key, "AUTOINCREMENT goes with the primary key")


def _rules(data: Data, written: Mapping[str, Any]) -> None:
    item = data.get("items")
    try:
        rules = rules_of(written, item or data["type"])
    except BadRule as error:
        raise BadField("validate", str(error)) from None
    if item is not None:
        data |= {"each": rules} if rules else {}
        return
    length = [each for each in (data.get("max_length"), rules.get("max_length")) if each is not None]
    data |= rules | ({"max_length": min(length)} if length else {})
