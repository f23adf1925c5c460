"""The write AST: what is to be changed, free of any wire syntax and of any database.

In: what dialects parse out of bodies. Out: commands, which `crud.access.grants` narrows to what the caller may change,
and `Change`, the hashable shape of one authorised statement, which the builder prints. A command holds rows as they
were sent (JSON values under exact column names); they are checked and become parameters inside the transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sql.expressions import TRUE, Filter, node
from sql.query import Query

Row = Mapping[str, object]


@dataclass(frozen=True)
class Ref:
    """The value that `column` got in the first row that command number `command` of the same request made."""

    command: int
    column: str


@dataclass(frozen=True)
class Insert:
    """New rows. `shown`: how the dialect shows a row, for the answer. `at`: where in the body the rows stood."""

    resource: str
    rows: tuple[Row, ...]
    shown: Query | None = None
    at: str = ""


@dataclass(frozen=True)
class Update:
    """`changes` for every row that `where` (whose slots are `values`) holds for.

    `keyed`: `where` is the key of one row; without such a row the command fails. `if_match`: entity tags, of which the
    row as `shown` must have one (RFC 9110, 13.1.1); `*` means that the row exists.
    """

    resource: str
    where: Filter
    changes: Row
    values: tuple[object, ...] = ()
    keyed: bool = False
    shown: Query | None = None
    if_match: tuple[str, ...] = ()
    at: str = ""


@dataclass(frozen=True)
class Delete:
    """Every row that `where` holds for goes, or is marked where the resource deletes softly. Else like `Update`."""

    resource: str
    where: Filter
    values: tuple[object, ...] = ()
    keyed: bool = False
    shown: Query | None = None
    if_match: tuple[str, ...] = ()
    at: str = ""


@dataclass(frozen=True)
class Restore:
    """The soft-deleted row of a key is alive again."""

    resource: str
    where: Filter
    values: tuple[object, ...] = ()
    shown: Query | None = None
    at: str = ""


@dataclass(frozen=True)
class Ensure:
    """`row` is made unless there is a row that `where` holds for; the first of those is the answer then."""

    resource: str
    where: Filter
    row: Row
    values: tuple[object, ...] = ()
    shown: Query | None = None
    at: str = ""


@dataclass(frozen=True)
class UpdateFirst:
    """`changes` for the first row (by key) that `where` holds for, if there is one."""

    resource: str
    where: Filter
    changes: Row
    values: tuple[object, ...] = ()
    shown: Query | None = None
    at: str = ""


@dataclass(frozen=True)
class Upsert:
    """`row` is made, or changes the row that has the same values in the unique columns `by`."""

    resource: str
    row: Row
    by: tuple[str, ...]
    shown: Query | None = None
    at: str = ""


Command = Insert | Update | Delete | Restore | Ensure | UpdateFirst | Upsert


@node
class Change:
    """One statement to print: `columns` take `Bindings.row` in this order, `where` its slots from `Bindings.values`.

    insert: `rows` rows, whose values follow each other in `Bindings.row`. update, delete: the rows of `where`.
    lock: reads the rows of `where` in key order, at most `limit`, and holds them until the transaction ends.
    `returning` are columns whose values come back, one tuple per row that was touched.
    """

    kind: Literal["insert", "update", "delete", "lock"]
    resource: str
    columns: tuple[str, ...] = ()
    where: Filter = TRUE
    returning: tuple[str, ...] = ()
    rows: int = 1
    limit: int | None = None
