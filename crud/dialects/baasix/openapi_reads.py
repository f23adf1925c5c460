"""The parameters of Baasix's reads as OpenAPI says them.

In: `Seen`. Out: parameters, and the schemas of conditions.
"""

from collections.abc import Iterator

from crud.dialects.baasix.groups import FUNCTIONS
from crud.openapi.caller import Caller, Seen
from crud.openapi.conditions import condition_schemas, dotted, names_among, of_columns
from crud.openapi.parts import BOOLEAN, STRING, array, closed, json_query, json_text, listed, query, ref
from crud.openapi.values import Json, nullable
from crud.wire.conditions import CAST_WORDS, WORDS
from crud.wire.jsonconditions import JSON_WORDS
from sql.operators import ANY

CAST: dict[str, Json] = {"cast": {"type": "string", "enum": sorted(CAST_WORDS)}}


def word_schemas(caller: Caller) -> dict[str, Json]:
    """The operators of each family of types."""
    more = {family: CAST | ({word: {} for word in JSON_WORDS} if family == "json" else {}) for family in ANY}
    return condition_schemas(caller, WORDS, more)


def filters(seen: Seen) -> Json:
    """A condition: fields, and groups of conditions."""
    own = ref(f"{seen.id}.Filter")
    groups = {"AND": array(own, minItems=1), "OR": array(own, minItems=1), "NOT": own}
    return closed({**of_columns(seen), **groups}, **dotted(seen))


def listing(seen: Seen) -> tuple[Json, ...]:
    """What `GET /items/:collection` takes."""
    texts = [name for name, column in seen.comparable.items() if column.type.family == "text"]
    whole_number: Json = {"type": "integer", "minimum": 1}
    function = closed({"function": {"enum": [*FUNCTIONS]}, "field": STRING}, "function")
    aggregates: Json = {"type": "object", "additionalProperties": function, "minProperties": 1}
    order = [f"{sign}{name}" for name in seen.comparable for sign in ("", "-")]
    return (
        *fields(seen, narrowed=True),
        json_query("filter", ref(f"{seen.id}.Filter"), "Conditions; all of them hold", {}),
        json_text("sort", array(names_among(order, over=bool(seen.relations)), minItems=1), "The order"),
        query("limit", {"type": "integer", "minimum": -1}, "How many items; -1, or neither: all of them"),
        query("page", whole_number, "From 1; without `limit` it has 10 items"),
        query("search", STRING, "A text anywhere in the fields, ignoring case"),
        listed("searchFields", names_among(texts, over=True), "Where to search; without: in all texts"),
        query("sortByRelevance", BOOLEAN, "`true`: equal before beginning before containing"),
        json_text("aggregate", aggregates, "What is computed of each group"),
        listed("groupBy", names_among(seen.comparable, over=True), "What is grouped by; also `date:year:field`"),
    )


def fields(seen: Seen, *, narrowed: bool = False) -> tuple[Json, ...]:
    """What an answer holds. `narrowed`: conditions on the rows of relations that are loaded go with it."""
    known = ["*", *seen.view.columns, *seen.relations]
    found = listed("fields", names_among(known, over=bool(seen.relations)), "Also `relation.*`, `relation.**`, `*.*`")
    if not narrowed or not seen.relations:
        return (found,)
    conditions: Json = {"type": "object", "additionalProperties": {"type": "object"}}
    return found, json_query("relConditions", conditions, "Narrows the loaded rows of relations", {})


def nested(seen: Seen) -> Iterator[tuple[str, Json]]:
    """Items that may be made along with one, or linked with it."""
    for name, relation in seen.relations.items():
        target = seen.caller.of(seen.caller.context.snapshot.catalog.target(relation))
        if target is None or "create" not in target.may:
            continue
        inner = ref(f"{target.id}.New")
        if relation.through is not None:
            inner = {"anyOf": [inner, {"type": ["string", "integer"]}]}
        yield name, nullable(inner) if relation.kind == "to_one" else nullable(array(inner))
