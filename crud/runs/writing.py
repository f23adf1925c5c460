"""What steps write: each as commands, through the same rules and hooks as every write.

In: a step in its run. Out: how many rows it has written; what fails names the step.
"""

from collections.abc import Callable, Iterator, Mapping

from crud.errors import ApiError
from crud.plans.draft import Mistake
from crud.plans.reading import where
from crud.runs.asked import Row
from crud.runs.steps import Running, inserted
from crud.runs.syncing import syncs
from crud.service import Work
from sql.commands import Command, Delete, Update
from sql.errors import BadValue, SqlError


def carried_out(running: Running) -> int:
    """How many rows a step has written. Raises ApiError that names the step."""
    at = running.effect.step.at
    try:
        return sum(_write(running.work, command) for command in _COMMANDS[running.effect.step.word](running))
    except Mistake as mistake:
        raise ApiError("failed_step", f"{at}: {mistake.message}") from None
    except ApiError as error:
        raise ApiError("failed_step", f"{at}: {error.message.removeprefix(f'{at}: ')}") from error
    except BadValue as error:
        raise ApiError("failed_step", f"{at}: {error}") from None
    except SqlError as error:
        error.add_note(at)
        raise


def _write(work: Work, command: Command) -> int:
    return sum(written.count for written in work.write((command,)))


def _inserts(running: Running) -> Iterator[Command]:
    given = running.step.keys
    rows = _data(running, given["data"]) if "data" in given else running.current()
    yield from inserted(running.target, rows)


def _data(running: Running, data: object) -> list[Row]:
    meant = running.step.draft.texts.inside(data, running.step.at)
    return [row for row in (meant if isinstance(meant, list) else [meant]) if isinstance(row, Mapping)]


def _updates(running: Running) -> Iterator[Command]:
    resource, step = running.target, running.step
    (changes,) = _data(running, step.keys["data"])
    found = where(step, resource, step.keys)
    yield Update(resource.name, found, changes, tuple(running.slots.values), at="data")


def _deletes(running: Running) -> Iterator[Command]:
    resource, step = running.target, running.step
    found = where(step, resource, step.keys)
    yield Delete(resource.name, found, tuple(running.slots.values))


_COMMANDS: Mapping[str, Callable[[Running], Iterator[Command]]] = {
    "insert": _inserts,
    "update": _updates,
    "delete": _deletes,
    "sync": syncs,
}
