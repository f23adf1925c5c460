"""Explicit runs of plans: what their steps write, and what they give.

In: a `Context` of an administrator, the names of a plan and of its entity. Out: `Shown`, the statements without running
them; `Ran`, the rows of the last step and how many rows each step has written. All that an entity writes is one
transaction, through the same rules and hooks as every write; what fails names its step, and undoes all.

Rooms: `asked` (an entity with today's values, and its rows), `steps` (a step that writes), `syncing` (two entities made
equal), `writing` (what each word writes), `running` (show and run).
"""

from crud.runs.running import Ran, Shown, run, show

__all__ = ["Ran", "Shown", "run", "show"]
