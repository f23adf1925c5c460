"""What a definition says of computed columns: their types, and what is wrong with them, by file, line and key."""

from crud.definitions.declared import FieldDefinition
from tests.crud.test_config import good, read
from tests.tables import each

ENTITY = "schemas: {main: {entities: {orders: {fields: {FIELDS}}}}}"
USUAL = "id: {type: integer, key: true}, a: {type: string}, n: {type: integer}, "


def fields(text: str) -> dict[str, FieldDefinition]:
    (made,) = good(ENTITY.replace("{FIELDS}", "{" + USUAL + text + "}")).schemas["main"].entities
    return {field.name: field for field in made.fields}


def problems(text: str, more: str = "") -> list[str]:
    _, told = read(ENTITY.replace("{FIELDS}", "{" + USUAL + text + "}" + more))
    return told


def test_the_type_follows_from_the_formula_unless_it_is_said() -> None:
    made = fields("twice: {formula: n * 2}, again: {formula: twice + 1}, long: {type: text, formula: UPPER(a)}")
    assert {name: made[name].type.name for name in ("twice", "again", "long")} == {  # type: ignore[union-attr]
        "twice": "bigint",
        "again": "bigint",
        "long": "text",
    }


@each(
    ("text", "message"),
    [
        ("x: {formula: a +}", "fields.x.formula: 'a +' ends too early"),
        ("x: {formula: NOW()}", "fields.x.formula: 'NOW()' calls NOW"),
        ("x: {type: integer, formula: UPPER(a)}", "fields.x.formula: 'UPPER(a)' gives a text, and the type is integer"),
        ("x: {formula: y + 1}, y: {formula: x + 1}", "fields.y.formula: 'x + 1' goes round in a circle"),
        ("x: {type: bigint, formula: x + 1}", "fields.x.formula: 'x + 1' goes round in a circle"),
        ("x: {formula: UPPER(a), required: true}", "fields.x.required: does not go with a formula"),
        ("x: {formula: UPPER(a), default: b}", "fields.x.default: does not go with a formula"),
        ("x: {formula: UPPER(a), max: 5}", "fields.x.max: does not go with a formula"),
        ("x: {formula: UPPER(a), key: true}", "fields.x.key: does not go with a formula"),
        ("x: {formula: n + 1, auto: increment}", "fields.x.auto: does not go with a formula"),
        ("p: {type: string, write_only: true}, x: {formula: UPPER(p)}", "which is never shown"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, message: str) -> None:
    told = problems(text)
    assert told and any(message in each for each in told), told


def test_what_is_written_by_the_service_is_not_computed() -> None:
    told = problems("x: {formula: UPPER(a)}", ", tenant: x, soft_delete: x, key: [x]")
    assert [each.rpartition("main.entities.orders.")[2].partition(":")[0] for each in told] == [
        "key",
        "tenant",
        "soft_delete",
    ]
