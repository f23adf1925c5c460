"""Conditions in words, for people who ask why.

In: a `Filter`. Out: a sentence like `author_id is the caller's id and not (status is "draft")`. One row per operator
and per kind of value; what has no row of its own is said by its own name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crud.jsontext import json_bytes
from sql.expressions import (
    FALSE,
    TRUE,
    ActorValue,
    And,
    Cast,
    Compare,
    Const,
    DatePart,
    Expr,
    Filter,
    JsonKind,
    JsonLength,
    JsonPath,
    Masked,
    Not,
    Now,
    Or,
    Path,
    Relevance,
    Search,
    Slot,
    Some,
)
from sql.values import to_json

# operator → what stands between its two sides; every other one is its own name, without underscores.
OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        **{"eq": "is", "ne": "is not", "in": "is one of", "not_in": "is none of"},
        **{"gt": "is more than", "gte": "is at least", "lt": "is less than", "lte": "is at most"},
        **{"between": "is between", "not_between": "is not between"},
        **{"is_null": "is empty", "is_not_null": "is not empty"},
    }
)
CALLER: Mapping[str, str] = MappingProxyType({"id": "the caller's id", "tenant": "the caller's tenant"})


def words(node: Filter) -> str:
    """A filter in words."""
    if node == TRUE:
        return "every row"
    if node == FALSE:
        return "no row"
    match node:
        case And(terms):
            return " and ".join(_enclosed(term, Or) for term in terms)
        case Or(terms):
            return " or ".join(_enclosed(term, And) for term in terms)
        case Not(term):
            return f"not ({words(term)})"
        case Compare(left, op, right):
            return " ".join([_value(left), OPERATORS.get(op, op.replace("_", " ")), _operands(right)]).rstrip()
        case Some(relation, where, hops):
            there = ".".join([*(hop.relation for hop in hops), relation])
            return f"some row of {there} has ({words(where)})"
        case Search(columns, term):
            return f"{', '.join(map(_value, columns))} contain {_value(term)}"


def _enclosed(node: Filter, other: type) -> str:
    return f"({words(node)})" if isinstance(node, other) and node not in (TRUE, FALSE) else words(node)


def _operands(nodes: tuple[Expr, ...]) -> str:
    return " and ".join(map(_value, nodes))


def _value(node: Expr) -> str:
    match node:
        case Path(column, hops):
            return ".".join([*(hop.relation for hop in hops), column])
        case Const(value):
            return json_bytes(to_json(value)).decode()
        case ActorValue(name):
            return CALLER.get(name, f"the caller's {name}")
        case Now(amount=amount, unit=unit):
            return f"now {'-' if amount < 0 else '+'} {abs(amount)} {unit}" if amount else "now"
        case Slot():
            return "a value that is asked"
        case Cast(expr, type):
            return f"{_value(expr)} as {type.name}"
        case DatePart(part, expr):
            return f"the {part} of {_value(expr)}"
        case JsonPath(expr, keys):
            return f"{_value(keys)} in {_value(expr)}"
        case JsonLength(expr):
            return f"the length of {_value(expr)}"
        case JsonKind(expr):
            return f"the kind of {_value(expr)}"
        case Masked(expr):
            return f"the hash of {_value(expr)}"
        case Relevance(columns, term):
            return f"how well {', '.join(map(_value, columns))} fit {_value(term)}"
