"""One test for a table of cases: `each` is used as `pytest.mark.parametrize` is, without a test for each row.

For cases that ask and change nothing, of which there are hundreds: a test of its own takes longer than such a case. All
cases are tried, and each that fails is reported by name, with its traceback.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import pytest

Ids = Iterable[object] | Callable[[Any], object] | None
Test = Callable[..., None]
FAILURES = (Exception, pytest.fail.Exception)


def each(names: str | Sequence[str], cases: Iterable[Any], *, ids: Ids = None) -> Callable[[Test], Test]:
    """Try every case of the table in one test."""
    words = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
    rows = [_row(words, case) for case in cases]
    known = _named(rows, ids)

    def decorate(test: Test) -> Test:
        @wraps(test)
        def tries(**fixtures: object) -> None:
            failed = [_failure(test, name, fixtures | row) for name, row in zip(known, rows, strict=True)]
            wrong = [error for error in failed if error is not None]
            if wrong:
                raise BaseExceptionGroup(f"{len(wrong)} of {len(rows)} cases", wrong)

        said = inspect.signature(test)
        left = [one for one in said.parameters.values() if one.name not in words]
        tries.__signature__ = said.replace(parameters=left)  # type: ignore[attr-defined]
        return tries

    return decorate


def _row(words: list[str], case: Any) -> dict[str, object]:
    return dict(zip(words, (case,) if len(words) == 1 else case, strict=True))


def _named(rows: list[dict[str, object]], ids: Ids) -> list[str]:
    if ids is not None and not callable(ids):
        return [str(name) for name in ids]
    show = ids or repr
    return ["-".join(str(show(value)) for value in row.values()) for row in rows]


def _failure(test: Test, name: str, values: dict[str, object]) -> BaseException | None:
    try:
        test(**values)
    except FAILURES as error:
        error.add_note(f"This was the case {name}")
        return error
    return None
