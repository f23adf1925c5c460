"""The shape of the steps of a plan as JSON Schema: one word per step, and what each word takes.

In: nothing. Out: `STEP`. What steps mean is `crud.plans`.
"""

from crud.definitions.words import NAME, Schema, shape, words

ALONE = ("debug", "break")  # words that may stand without a colon
NAMES: Schema = {"type": ["string", "array"], "items": NAME, "minLength": 1, "minItems": 1}
FIELDS: Schema = {"type": ["string", "array", "object"], "items": NAME, "minLength": 1, "minItems": 1}
CONDITIONS: Schema = {"type": "object", "minProperties": 1}
SORT: Schema = {"type": ["object", "string"], "minLength": 1, "minProperties": 1}
MOST: Schema = {"type": "integer", "minimum": 0}
ROW: Schema = {"type": "object", "minProperties": 1}
ROWS: Schema = {**ROW, "type": ["object", "array"], "items": ROW, "minItems": 1}
TABLE: dict[str, Schema] = {"schema": NAME, "entity": NAME}
WHERE: dict[str, Schema] = {"filter": CONDITIONS, "filter-expression": NAME}
SIDE = shape(TABLE, "entity")
PART = shape({**TABLE, "fields": FIELDS}, "entity")

SELECT = shape({**TABLE, **WHERE, "fields": FIELDS, "sort": SORT, "limit": MOST, "offset": MOST, "data": ROWS})
JOIN = shape(
    {
        "type": words("inner", "left", "right", "full-outer", "cross"),
        **TABLE,
        "left-field": NAMES,
        "right-field": NAMES,
        "fields": FIELDS,
    },
    "entity",
)
AGGREGATE = shape({"group": FIELDS, **dict.fromkeys(("sum", "count", "avg", "min", "max"), FIELDS)})
UNIQUE = shape(
    {
        "keys": NAMES,
        "method": words("hash", "exact", "ignorecase"),
        "strategy": words("first", "last", "highest", "lowest"),
        "condition": NAME,
    }
)
LISTED: Schema = {**shape({"schema": NAME}), "type": ["object", "null"]}
SYNC = shape({"from": SIDE, "source": SIDE, "to": SIDE, "destination": SIDE, "on": NAMES, "id": NAMES})
INSERT = shape({**TABLE, "data": ROWS}, "entity")
UPDATE = shape({**TABLE, **WHERE, "data": ROW}, "entity", "data")
DELETE = shape({**TABLE, **WHERE}, "entity")

STEP: Schema = {
    **shape(
        {
            "select": SELECT,
            "filter": {**CONDITIONS, "type": ["object", "string"], "minLength": 1},
            "fields": FIELDS,
            "sort": SORT,
            "limit": {**shape({"limit": MOST, "offset": MOST}), "type": ["integer", "object"], "minimum": 0},
            "join": JOIN,
            "union": PART,
            "aggregate": {**AGGREGATE, "minProperties": 1},
            "remove-duplicates": {**UNIQUE, "type": ["object", "null"]},
            "anonymize": NAMES,
            "list-entities": LISTED,
            "sync": SYNC,
            "insert": INSERT,
            "update": UPDATE,
            "delete": DELETE,
            "debug": {"type": ["string", "null"]},
            "break": {"type": ["boolean", "null"]},
        }
    ),
    "type": ["object", "string"],
    "minProperties": 1,
    "maxProperties": 1,
    "if": {"type": "string"},
    "then": {"enum": list(ALONE)},
}
