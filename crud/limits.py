"""What a query may ask for at most: depth and width of filters, includes and sorts.

In: a `Query` and the configured `Limits`. Out: nothing, or an ApiError that names the limit. Checked once per shape.
"""

from collections.abc import Iterator

from crud.definitions.settings import Limits
from crud.errors import bad_parameter
from sql.expressions import And, Filter, Not, Or, Some
from sql.query import Include, Query


def check(query: Query, limits: Limits) -> None:
    """Refuse a query that is deeper or wider than the limits. Source: attacks on depth and amplification."""
    depth, terms = filter_size(query.where)
    _at_most("filter", "levels deep", depth, limits.filter_depth)
    _at_most("filter", "conditions", terms, limits.filter_terms)
    _at_most("sort", "keys", len(query.sort) + len(query.group), limits.sort_keys)
    levels = [level for level, _ in _includes(query.include, 1)]
    _at_most("include", "levels deep", max(levels, default=0), limits.include_depth)
    _at_most("include", "relations", len(levels), limits.include_nodes)
    for _, include in _includes(query.include, 1):
        check_filter(include.query.where, limits)


def check_filter(where: Filter, limits: Limits) -> None:
    """The limits of one filter."""
    depth, terms = filter_size(where)
    _at_most("filter", "levels deep", depth, limits.filter_depth)
    _at_most("filter", "conditions", terms, limits.filter_terms)


def _at_most(parameter: str, what: str, found: int, most: int) -> None:
    if found > most:
        raise bad_parameter(parameter, f"{found} {what}, at most {most} are allowed")


def _includes(includes: tuple[Include, ...], level: int) -> Iterator[tuple[int, Include]]:
    for include in includes:
        yield level, include
        yield from _includes(include.query.include, level + 1)


def filter_size(where: Filter) -> tuple[int, int]:
    """(levels, conditions) of a filter, counted without recursion."""
    levels, terms, level = 0, 0, [where]
    while level:
        levels += 1
        terms += len(level)
        level = [child for node in level for child in _terms(node)]
    return levels, terms


def _terms(node: Filter) -> tuple[Filter, ...]:
    match node:
        case And(terms) | Or(terms):
            return terms
        case Not(term):
            return (term,)
        case Some():
            return (node.where,)
        case _:
            return ()
