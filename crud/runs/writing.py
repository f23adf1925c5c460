"""What steps write: each as commands, through the same rules and hooks as every write.

In: a step in its run. Out: how many rows it has written; what fails names the step.
"""

from collections.abc import Callable, Iterator, Mapping

from crud.errors import ApiError, Clash, Mistakes, clashing, said
from crud.plans.draft import Mistake
from crud.plans.effects import keys_of
from crud.plans.reading import where
from crud.runs.asked import Row
from crud.runs.steps import Running, Together, inserted
from crud.runs.syncing import syncs
from crud.service import Work
from sql.commands import Delete, Insert, Update
from sql.errors import BadValue, SqlError

MOST_SAID = 20


def carried_out(running: Running) -> int:
    """How many rows a step has written. Raises ApiError that names the step."""
    at, written = running.effect.step.at, 0
    commands: Together = ()
    try:
        for commands in _COMMANDS[running.effect.step.word](running):
            written += _write(running.work, commands)
        return written
    except Mistake as mistake:
        raise ApiError("failed_step", f"{at}: {mistake.message}") from None
    except ApiError as error:
        raise ApiError(
            "failed_step", f"{at}: {_worded(error, _naming(running, commands, written)).removeprefix(f'{at}: ')}"
        ) from error
    except BadValue as error:
        raise ApiError("failed_step", f"{at}: {error}") from None
    except SqlError as error:
        error.add_note(at)
        raise


def _worded(error: ApiError, row: Callable[[int], str]) -> str:
    """A refusal with the rows, as they are called, and the columns that it speaks of."""
    match error.details:
        case Mistakes(mistakes=mistakes):
            named = [(each, "" if each.row is None else row(each.row)) for each in mistakes[:MOST_SAID]]
            return "; ".join(f"{name}{said(each, each.field)}" for each, name in named)
        case Clash(columns=columns, row=number):
            return f"{'' if number is None else row(number)}{clashing(error.message, columns)}"
    return error.message


def _naming(running: Running, doing: Together, before: int) -> Callable[[int], str]:
    """What a row of a command is called: by the values that tell it apart in a sync, else by its number in the step."""

    def row(number: int) -> str:
        match doing:
            case (Insert(rows=rows),) if running.step.word == "sync":
                return ", ".join(f"{name} {rows[number].get(name)}" for name in keys_of(running.step)) + ": "
        return f"row {before + number + 1}: "

    return row


def _write(work: Work, commands: Together) -> int:
    return max(written.count for written in work.write(commands))


def _inserts(running: Running) -> Iterator[Together]:
    given = running.step.keys
    rows = _data(running, given["data"]) if "data" in given else running.current()
    yield from inserted(running.target, rows)


def _data(running: Running, data: object) -> list[Row]:
    meant = running.step.draft.texts.inside(data, running.step.at)
    return [row for row in (meant if isinstance(meant, list) else [meant]) if isinstance(row, Mapping)]


def _updates(running: Running) -> Iterator[Together]:
    resource, step = running.target, running.step
    (changes,) = _data(running, step.keys["data"])
    found = where(step, resource, step.keys)
    yield (Update(resource.name, found, changes, tuple(running.slots.values), at="data"),)


def _deletes(running: Running) -> Iterator[Together]:
    resource, step = running.target, running.step
    found = where(step, resource, step.keys)
    yield (Delete(resource.name, found, tuple(running.slots.values)),)


_COMMANDS: Mapping[str, Callable[[Running], Iterator[Together]]] = {
    "insert": _inserts,
    "update": _updates,
    "delete": _deletes,
    "sync": syncs,
}
