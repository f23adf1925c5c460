"""What each key of a step of a plan means, in the words that editors show beside it.

In: nothing. Out: `STEPS`: the way to a key within a step → what it means.
"""

from collections.abc import Mapping

_TABLE = {"schema": "The schema of the entity. Absent: this plan, else the default schema.", "entity": "An entity."}
_WHERE = {
    "filter": "Field → value, all of which hold; a list of values is any of them.",
    "filter-expression": "A condition like total > 10 AND name LIKE 'A%'.",
}
_FIELDS = "Columns: a, b, or a list, or new name → column. Absent: all."
_SIDE = {"schema": "Its schema.", "entity": "The entity."}

_WORDS: Mapping[str, str] = {
    "select": "Rows of an entity, or those at hand: filtered, sorted, with some columns.",
    "filter": "Rows for which a condition holds: field → value, or an expression.",
    "fields": _FIELDS,
    "sort": "Field → asc or desc.",
    "limit": "So many rows at most.",
    "join": "Rows beside those of another entity. A column of both sides is called entity_column there.",
    "union": "The rows of another entity after those at hand, columns by their names.",
    "aggregate": "One row for each group.",
    "remove-duplicates": "One row of all that are equal.",
    "anonymize": "Columns that become keyed hashes; '*' is all.",
    "list-entities": "What there is to read: name and type.",
    "sync": "Run alone: makes an entity like another one.",
    "insert": "Run alone: new rows of an entity: data, or the rows at hand.",
    "update": "Run alone: changes rows of an entity.",
    "delete": "Run alone: deletes rows of an entity.",
    "debug": "Metal's metadata have __PLAN_DEBUG__ with this word. Default: error.",
    "break": "What follows is not done.",
}
_KEYS: Mapping[str, Mapping[str, str]] = {
    "select": {
        **_TABLE,
        **_WHERE,
        "fields": _FIELDS,
        "sort": "Field → asc or desc.",
        "limit": "So many rows at most.",
        "offset": "So many rows are left out before.",
        "data": "Rows that are written here, instead of an entity.",
    },
    "limit": {"limit": "So many rows at most.", "offset": "So many rows are left out before."},
    "join": {
        "type": "Which rows without a partner stay. Default: inner, none.",
        **_TABLE,
        "left-field": "The column at hand, or several, that must equal …",
        "right-field": "… those of the entity.",
        "fields": "What is taken of the entity. Absent: all.",
    },
    "union": {**_TABLE, "fields": _FIELDS},
    "aggregate": {
        "group": "Columns by whose values rows are grouped. Absent: all rows are one group.",
        "sum": "New name → column that is added up.",
        "count": "New name → column whose values are counted, or * for rows.",
        "avg": "New name → column.",
        "min": "New name → column.",
        "max": "New name → column.",
    },
    "remove-duplicates": {
        "keys": "Columns in which rows are equal. Absent: all.",
        "method": "ignorecase: texts are equal without regard to case. hash and exact: as they are. Default: hash.",
        "strategy": "Which row stays. Default: first, in the order at hand.",
        "condition": "The column that decides for highest and lowest.",
    },
    "list-entities": {"schema": "A schema. Absent: this plan."},
    "sync": {
        "from": "The entity whose rows are taken. Absent: the rows at hand.",
        "source": "The same as from.",
        "to": "The entity that is made like it.",
        "destination": "The same as to.",
        "on": "Columns that tell which row is which.",
        "id": "The same as on.",
        **{f"{side}.{key}": text for side in ("from", "source", "to", "destination") for key, text in _SIDE.items()},
    },
    "insert": {**_TABLE, "data": "A row, or a list of rows. Absent: the rows at hand."},
    "update": {**_TABLE, **_WHERE, "data": "Field → new value."},
    "delete": {**_TABLE, **_WHERE},
}
STEPS: Mapping[str, str] = {
    **_WORDS,
    **{f"{word}.{key}": text for word, keys in _KEYS.items() for key, text in keys.items()},
}
