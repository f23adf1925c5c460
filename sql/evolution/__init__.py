"""From one layout of a table to another: what is different, and the SQL that changes it.

In: layouts (`sql.layout`), old and new, and which columns were renamed. Out: `Difference`s in words; SQL text; changed
tables, or CannotEvolve. Rooms: `changes` and `steps` (values), `names` and `delta` (what stays, comes and goes),
`lossless` and `comparing` (differences), `conversions`, `filling` and `checks` (values of rows), `ordering` (of
renames), `computed`, `postgres` and `sqlite` (the steps), `running`.
"""

from sql.errors import CannotEvolve
from sql.evolution.changes import Change, Difference
from sql.evolution.comparing import differences, followed
from sql.evolution.running import evolve, evolve_all, statements, statements_of

__all__ = [
    "CannotEvolve",
    "Change",
    "Difference",
    "differences",
    "evolve",
    "evolve_all",
    "followed",
    "statements",
    "statements_of",
]
