"""What several rules about one resource give together.

In: compiled rules, those that allow and those that deny. Out: `Access`, the columns and the row filter. Deny wins; the
allows of several roles add up, and no row shows a column that only a rule for other rows grants.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sql.expressions import TRUE, And, Filter, Not, Or, Value, both


@dataclass(frozen=True)
class Access:
    """What may be seen or touched of one resource. `rows` is what rules say of its rows alone; `where` holds tenancy
    and soft deletion too.

    `defaults` are what rules give to columns that a new row lacks; `related` the conditions on rows that are reached
    over a relation. `masked`: columns beside these that are shown as hashes, and nothing else is done with.
    """

    columns: frozenset[str] = frozenset()
    where: Filter = TRUE
    allowed: bool = False
    rows: Filter = TRUE
    defaults: tuple[tuple[str, Value], ...] = ()
    related: tuple[tuple[str, Filter], ...] = ()
    masked: frozenset[str] = frozenset()

    @property
    def shown(self) -> frozenset[str]:
        """All columns that an answer may have."""
        return self.columns | self.masked

    def beyond(self, relation: str) -> Filter:
        """What rules say of the rows that are reached over a relation."""
        return next((where for name, where in self.related if name == relation), TRUE)


@dataclass(frozen=True)
class Rule:
    """A compiled rule. `columns` is None for a deny of the whole row."""

    columns: frozenset[str] | None
    where: Filter
    defaults: tuple[tuple[str, Value], ...] = ()
    related: Mapping[str, Filter] = field(default_factory=dict)


def together(allows: list[Rule], denies: list[Rule], possible: frozenset[str], *, fixed: Filter) -> Access:
    """What rules give together. `possible`: the columns that any can give; `fixed`: the condition that holds anyway."""
    if not allows or any(rule.columns is None and rule.where == TRUE for rule in denies):
        return Access()
    rows = _any(rule.where for rule in allows)
    for rule in denies:
        rows = both(rows, Not(rule.where)) if rule.columns is None else rows
    defaults = dict(pair for rule in allows for pair in rule.defaults)
    return Access(
        _granted(allows, possible) - _withheld(denies),
        both(fixed, rows),
        allowed=True,
        rows=rows,
        defaults=tuple(defaults.items()),
        related=_related(allows),
    )


def _granted(allows: list[Rule], everything: frozenset[str]) -> frozenset[str]:
    """The columns that may be seen on every row that some allow shows.

    A column that only some of the allows grant is given only where their rows cover all rows; it would leak otherwise.
    """
    wheres = {rule.where for rule in allows}
    granted = set()
    for name in everything:
        covering = {rule.where for rule in allows if rule.columns and name in rule.columns}
        if TRUE in covering or covering == wheres:
            granted.add(name)
    return frozenset(granted)


def _withheld(denies: list[Rule]) -> frozenset[str]:
    return frozenset(name for rule in denies if rule.columns is not None for name in rule.columns)


def _related(allows: list[Rule]) -> tuple[tuple[str, Filter], ...]:
    """The conditions beyond relations that hold whichever of the allows shows a row: never wider than one of them.

    Allows of the same rows add up. Among others the one of all rows says what may be reached, since it shows each row;
    without such a one, what is reached must satisfy all.
    """
    found: list[tuple[str, Filter]] = []
    for name in sorted({name for rule in allows for name in rule.related}):
        groups: dict[Filter, list[Filter]] = {}
        for rule in allows:
            groups.setdefault(rule.where, []).append(rule.related.get(name, TRUE))
        joined = {where: _any(conditions) for where, conditions in groups.items()}
        wanted = [joined[TRUE]] if TRUE in joined else list(dict.fromkeys(joined.values()))
        if wanted != [TRUE]:
            found.append((name, wanted[0] if len(wanted) == 1 else And(tuple(wanted))))
    return tuple(found)


def _any(wheres: Iterable[Filter]) -> Filter:
    distinct = tuple(dict.fromkeys(wheres))
    if TRUE in distinct:
        return TRUE
    return distinct[0] if len(distinct) == 1 else Or(distinct)
