"""A transaction in which tables of a SQLite file are changed.

In: a connection that is in no transaction. Out: the same in one, where references are looked at when it ends and not
before, because a table that is built anew is gone for a moment; nothing is limited in time but the wait for its turn.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sql.errors import CannotEvolve, DatabaseError
from sql.sqlite.authorizing import authorize, authorize_evolution
from sql.sqlite.link import Link

_REFERRING = """SELECT DISTINCT m.name FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) WHERE m.type = 'table'
    ORDER BY m.name"""
_DANGLING = "SELECT parent, count(*) FROM pragma_foreign_key_check(?) GROUP BY parent"
Dangling = Mapping[tuple[str, str], int]


@contextmanager
def evolving(link: Link) -> Iterator[Link]:
    """The transaction. Raises CannotEvolve where rows refer to nothing that did not before."""
    with _settled(link), link.within("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
        before = _dangling(link)
        yield link
        _compare(before, _dangling(link))


@contextmanager
def _settled(link: Link) -> Iterator[None]:
    """The settings of the connection, which can only be changed outside of a transaction."""
    seconds, link.seconds, link.evolving = link.seconds, float("inf"), True
    _set(link, ("foreign_keys=OFF",))
    link.connection.set_authorizer(authorize_evolution)
    try:
        yield
    finally:
        link.seconds, link.evolving = seconds, False
        _set(link, ("foreign_keys=ON", "legacy_alter_table=OFF"))
        link.connection.set_authorizer(authorize)


def _set(link: Link, pragmas: tuple[str, ...]) -> None:
    link.connection.set_authorizer(None)
    for pragma in pragmas:
        link.execute(f"PRAGMA {pragma}")


def _dangling(link: Link) -> Dangling:
    """How many rows of which table refer to nothing in which other."""
    found: dict[tuple[str, str], int] = {}
    for (table,) in link.fetch(_REFERRING):
        try:
            rows = link.fetch(_DANGLING, (table,))
        except DatabaseError:  # what they refer to is no key
            rows = [("", 1)]
        found |= {(str(table), str(parent)): int(str(count)) for parent, count in rows}
    return found


def _compare(before: Dangling, after: Dangling) -> None:
    if sum(after.values()) <= sum(before.values()):
        return
    table, parent = next(pair for pair, count in after.items() if count > before.get(pair, 0))
    what = f"its rows must refer to rows of {parent}" if parent else "its references must lead to a key or a unique"
    raise CannotEvolve(table, what, f"{after[table, parent]} do not" if parent else "one does not")
