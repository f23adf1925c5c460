"""From one layout of a table to another: what is different, and the SQL that changes it.

In: layouts (`sql.layout`), old and new, and which columns were renamed. Out: `Difference`s in words; SQL text; changed
tables. Rooms: `changes` (the values), `names` (which column is which), `lossless` (which types hold which),
`comparing` (differences).
"""

from sql.errors import CannotEvolve
from sql.evolution.changes import Change, Difference
from sql.evolution.comparing import differences, followed

__all__ = ["CannotEvolve", "Change", "Difference", "differences", "followed"]
