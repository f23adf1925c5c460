"""The condition language: what each form means, how mistakes are told, and that no text makes it slow or deep."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from crud.errors import ApiError
from crud.presentation import Declared, Presentation
from crud.presenting import present
from crud.wire.expression import TERMS, parse
from crud.wire.paths import Scope, Values
from sql.catalog import Catalog, Column, Relation, Resource, Table
from sql.expressions import And, Compare, Filter, Hop, Not, Or, Path, Slot, Some
from sql.types import BOOLEAN, DATE, DATETIME, INTEGER, JSON, TEXT, Type
from tests.crud.written import path
from tests.tables import each

DECIMAL = Type("decimal", 10, 2)
COLUMNS = {
    "posts": {
        "id": INTEGER,
        "title": TEXT,
        "subtitle": TEXT,
        "views": INTEGER,
        "price": DECIMAL,
        "published": BOOLEAN,
        "day": DATE,
        "created": DATETIME,
        "data": JSON,
        "Order Date": DATE,
        'odd"`name': TEXT,
        "select": TEXT,
        "author_id": INTEGER,
    },
    "people": {"id": INTEGER, "name": TEXT, "age": INTEGER},
    "comments": {"id": INTEGER, "post_id": INTEGER, "body": TEXT, "likes": INTEGER},
}
RELATIONS = {
    "posts": [
        Relation("author", "to_one", "people", (("author_id", "id"),)),
        Relation("comments", "to_many", "comments", (("id", "post_id"),)),
    ],
    "people": [Relation("posts", "to_many", "posts", (("id", "author_id"),))],
    "comments": [Relation("post", "to_one", "posts", (("post_id", "id"),))],
}


def _resource(name: str) -> Resource:
    columns = {written: Column(written, type) for written, type in COLUMNS[name].items()}
    relations = {relation.name: relation for relation in RELATIONS[name]}
    return Resource(name, Table(name), columns, ("id",), relations, entity=name)


CATALOG = Catalog({name: _resource(name) for name in COLUMNS})
METAL: Presentation = present("metal", CATALOG, Declared())


@dataclass
class Read:
    """A parsed expression with its values."""

    text: str
    terms: int = TERMS
    values: Values = field(default_factory=Values)

    def __post_init__(self) -> None:
        scope = Scope(METAL, CATALOG, self.values)
        resource = CATALOG.resource("posts")
        self.where: Filter = parse(scope, resource, self.text, parameter="filter-expression", terms=self.terms)


def shown(where: Filter, values: tuple[object, ...]) -> str:
    """A filter in a line that can be compared."""
    match where:
        case And(terms):
            return f"({' & '.join(shown(term, values) for term in terms)})"
        case Or(terms):
            return f"({' | '.join(shown(term, values) for term in terms)})"
        case Not(term):
            return f"!{shown(term, values)}"
        case Some(relation, inner, hops):
            return f"some {'.'.join([*(hop.relation for hop in hops), relation])}{{{shown(inner, values)}}}"
        case Compare(left, op, right):
            return " ".join([_name(left), op, *(_operand(item, values) for item in right)])
    raise AssertionError(where)


def _name(path: object) -> str:
    assert isinstance(path, Path)
    return ".".join([*(hop.relation for hop in path.hops), path.column])


def _operand(item: object, values: tuple[object, ...]) -> str:
    return repr(values[item.index]) if isinstance(item, Slot) else _name(item)


def line(text: str) -> str:
    """What an expression means."""
    read = Read(text)
    return shown(read.where, read.values.all)


def refused(text: str) -> str:
    """The message that an expression is refused with."""
    with pytest.raises(ApiError) as caught:
        Read(text)
    assert caught.value.status == 400
    assert caught.value.parameter == "filter-expression"
    return caught.value.message


MEANINGS = [
    ("views = 3", "views eq 3"),
    ("views=3", "views eq 3"),
    ("views <> 3", "views ne 3"),
    ("views != 3", "views ne 3"),
    ("views < 3", "views lt 3"),
    ("views <= 3", "views lte 3"),
    ("views > -3", "views gt -3"),
    ("views >= +3", "views gte 3"),
    ("3 < views", "views gt 3"),
    ("3 >= views", "views lte 3"),
    ("3 <> views", "views ne 3"),
    ("'a' = title", "title eq 'a'"),
    ("views = '3'", "views eq 3"),
    ("title = 18", "title eq '18'"),
    ("title = 'it''s'", 'title eq "it\'s"'),
    ("title = ''", "title eq ''"),
    ("title = 'a -- b; /* c */ \"d\"'", "title eq 'a -- b; /* c */ \"d\"'"),
    ("title = 'Łódź 🌍'", "title eq 'Łódź 🌍'"),
    ("published = true", "published eq True"),
    ("published = FALSE", "published eq False"),
    ("price > 9.50", f"price gt {Decimal('9.50')!r}"),
    ("price = 1e2", f"price eq {Decimal('1e2')!r}"),
    ("price = .5", f"price eq {Decimal('.5')!r}"),
    ("price = 12345678.12", f"price eq {Decimal('12345678.12')!r}"),
    ("day = '2024-02-01'", f"day eq {date(2024, 2, 1)!r}"),
    ("day < '2/1/2024'", f"day lt {date(2024, 2, 1)!r}"),
    ("day < '12/31/2024'", f"day lt {date(2024, 12, 31)!r}"),
    ("'2/1/2024' < day", f"day gt {date(2024, 2, 1)!r}"),
    ("day BETWEEN '1/1/2024' AND '1/31/2024'", f"day between {date(2024, 1, 1)!r} {date(2024, 1, 31)!r}"),
    ("day IN ('1/1/2024')", f"day in ({date(2024, 1, 1)!r},)"),
    ("title LIKE '%ing'", "title like '%ing'"),
    ("title not like '%ing'", "title not_like '%ing'"),
    ("title ILIKE 'A_'", "title ilike 'A_'"),
    ("title NOT ILIKE 'A_'", "title not_ilike 'A_'"),
    ("views IN (1, 2,3)", "views in (1, 2, 3)"),
    ("title IN ('a,b', 'c')", "title in ('a,b', 'c')"),
    ("views NOT IN (1)", "views not_in (1,)"),
    ("views BETWEEN 1 AND 3", "views between 1 3"),
    ("views NOT BETWEEN 1 AND 3 AND id = 1", "(views not_between 1 3 & id eq 1)"),
    ("title IS NULL", "title is_null"),
    ("title is not null", "title is_not_null"),
    ("title = NULL", "title is_null"),
    ("title <> NULL", "title is_not_null"),
    ("data IS NULL", "data is_null"),
    ("\"title\" = 'a'", "title eq 'a'"),
    ("`title` = 'a'", "title eq 'a'"),
    ("\"Order Date\" = '2024-02-01'", f"Order Date eq {date(2024, 2, 1)!r}"),
    ('"odd""`name" IS NULL', 'odd"`name is_null'),
    ('`odd"``name` IS NULL', 'odd"`name is_null'),
    ("select = 'a'", "select eq 'a'"),
    ("TITLE = 'a'", "title eq 'a'"),
    ("title = subtitle", "title eq subtitle"),
    ("views < author.age", "views lt author.age"),
    ("author.name = 'Ann'", "author.name eq 'Ann'"),
    ("author . name = 'Ann'", "author.name eq 'Ann'"),
    ('"author"."name" = \'Ann\'', "author.name eq 'Ann'"),
    ("id = 1 AND views = 2 AND price = 3", f"(id eq 1 & views eq 2 & price eq {Decimal(3)!r})"),
    ("id = 1 OR views = 2 AND price = 3", f"(id eq 1 | (views eq 2 & price eq {Decimal(3)!r}))"),
    ("(id = 1 OR views = 2) AND id = 3", "((id eq 1 | views eq 2) & id eq 3)"),
    ("NOT id = 1 AND id = 2", "(!id eq 1 & id eq 2)"),
    ("NOT (id = 1 AND id = 2)", "!(id eq 1 & id eq 2)"),
    ("not not id = 1", "!!id eq 1"),
    ("((id = 1))", "id eq 1"),
    ("id = 1\n\tAND\r\n id = 2", "(id eq 1 & id eq 2)"),
    ("comments.body = 'x'", "some comments{body eq 'x'}"),
    ("author.posts.title = 'x'", "some author.posts{title eq 'x'}"),
    ("comments.body = 'x' AND comments.likes > 2", "some comments{(body eq 'x' & likes gt 2)}"),
    ("comments.body = 'x' AND (comments.likes > 2)", "(some comments{body eq 'x'} & (some comments{likes gt 2}))"),
    ("comments.body = 'x' OR comments.likes > 2", "(some comments{body eq 'x'} | some comments{likes gt 2})"),
]


@each(("text", "meaning"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_each_form_has_its_meaning(text: str, meaning: str) -> None:
    assert line(text) == meaning


def test_a_numeral_beyond_machine_words_keeps_its_digits() -> None:
    assert line("price = 123456789012345678901.25").endswith(repr(Decimal("123456789012345678901.25")))


def test_hops_are_to_one_relations() -> None:
    assert Read("author.name = 'Ann'").where.left == path("name", (Hop("author"),))  # type: ignore[union-attr]


REFUSED = [
    ("", "position 1: expected a column or a value, got the end"),
    ("   ", "position 4: expected a column or a value, got the end"),
    ("title", "position 6: expected an operator"),
    ("upper(title) = 'A'", "position 6: there are no functions here"),
    ("title =", "position 8: expected a column or a value, got the end"),
    ("title = 'a' title = 'b'", "position 13: expected AND, OR or the end, got 'title'"),
    ("title = 'a' AND", "position 16: expected a column or a value, got the end"),
    ("title = 'a", "position 9: expected a closing ', got the end"),
    ('"title = 1', 'position 1: expected a closing ", got the end'),
    ("(title = 'a'", "position 13: expected ')', got the end"),
    ("title = 'a')", "position 12: expected AND, OR or the end, got ')'"),
    ("()", "position 2: expected a column or a value, got ')'"),
    ("1 = 1", "position 3: expected a column on one side of '='"),
    ("1", "position 2: expected a comparison"),
    ("true", "position 5: expected a comparison"),
    ("title LIKE subtitle", "position 12: expected a value"),
    ("title NOT = 'a'", "position 11: expected LIKE, ILIKE, IN or BETWEEN, got '='"),
    ("title IS 'a'", "position 10: expected 'NULL', got \"'a'\""),
    ("views IN ()", "position 11: expected a value"),
    ("views IN 1", "position 10: expected '(', got '1'"),
    ("views IN (1,)", "position 13: expected a value"),
    ("views BETWEEN 1 OR 2", "position 17: expected 'AND', got 'OR'"),
    ("views = 12abc", "position 9: '12' has no meaning here"),
    ("author. = 1", "position 9: expected a name, got '='"),
    ("author..name = 1", "position 8: expected a name, got '.'"),
    ("title LIKE NULL", "'null' for field 'title' is not a text"),
    ("views < NULL", "'null' for field 'views' is not an integer"),
    ("views = 'x'", "'x' for field 'views' is not an integer"),
    ("views = 1.5", "'1.5' for field 'views' is not an integer"),
    ("day = '13/40/2024'", "is not a date"),
    ("views LIKE '1%'", "operator like does not apply to field 'views'"),
    ("data = '{}'", "operator eq does not apply to field 'data'"),
    ("title = views", "fields 'title' and 'views' cannot be compared"),
    ("data = data", "cannot be compared"),
    ("views = comments.likes", "'comments.likes' leads to many rows"),
    ("nothing = 1", "Unknown field 'nothing' in filter-expression"),
    ('title = "x"', "Unknown field 'x' in filter-expression"),
    ("author.nothing = 1", "Unknown field 'author.nothing' in filter-expression"),
    ("nothing.name = 1", "Unknown field 'nothing.name' in filter-expression"),
]


@each(("text", "part"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_mistake_is_told_with_its_place(text: str, part: str) -> None:
    assert part in refused(text)


def test_no_value_becomes_part_of_the_shape() -> None:
    assert Read("title = 'a'").where == Read("title = 'b'' OR 1 = 1'").where
