"""As whom commands act, and how they tell what was refused.

In: nothing. Out: the context of an administrator; a block whose refusals end the command with one line.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from crud.access.actor import Actor
from crud.errors import ApiError
from crud.hooks import HookFailed
from crud.snapshots.state import Context
from crud.web.dialect import served
from sql.errors import SqlError, TooManyRows


def administrator() -> Context:
    """Who may do everything, with what is in force."""
    snapshot = served().state.current()
    cache = snapshot.cache.of_a_command() if snapshot.cache else None
    return Context(replace(snapshot, cache=cache), Actor(roles=frozenset({"admin"})))


@contextmanager
def refusals() -> Iterator[None]:
    """What was refused, and at which step, in a line. Raises ClickException."""
    try:
        yield
    except (ApiError, SqlError, HookFailed) as error:
        limit = " (limits.max_rows)" if isinstance(error, TooManyRows) else ""
        raise click.ClickException(": ".join([*getattr(error, "__notes__", ()), f"{error}{limit}"])) from error
    except BrokenPipeError:  # whoever reads what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
