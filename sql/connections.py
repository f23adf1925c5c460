"""How the connections of a database do.

In: what each backend knows of its own. Out: `Connections`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Connections:
    """The connections of a database in this process: how many there are, how many are idle, who waits for one; how
    often somebody has waited since it was opened, for how long, and in vain; how many were lost."""

    open: int = 0
    idle: int = 0
    waiting: int = 0
    waits: int = 0
    waited_seconds: float = 0.0
    refused: int = 0
    lost: int = 0
