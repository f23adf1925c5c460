"""schemathesis over one document: requests made from it, answers held against it.

In: an application, a dialect, headers of a caller. Out: how many requests were sent, and every answer that was a 5xx or
not as the document says: its status, its type, its headers, its body.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ENDINGS = r"/(logout|password/change|change-password)$"  # after these the caller is somebody else


@dataclass
class Found:
    """What became of the requests. `wrong`: operation and problem → the request and its answer."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)

    def send(self, case: Case, headers: Mapping[str, str]) -> None:
        """Send one request and hold its answer against the document."""
        answer = case.call(headers=dict(headers))
        self.sent += 1
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS, headers=dict(headers))
        except FailureGroup as group:
            for failure in group.exceptions:
                key = (case.operation.label, f"{type(failure).__name__}: {failure.message[:200]}")
                told = f"{case.as_curl_command(headers=dict(headers))[:2000]}\n{answer.content[:1000]!r}"
                self.wrong.setdefault(key, told)


@dataclass(frozen=True)
class Amount:
    """How many requests there are for each operation: as hypothesis draws them, and of those at the edges of the
    schema. `only`: for operations whose path is like this."""

    drawn: int = 0
    edges: int = 0
    only: str = ""


def fuzzed(app: Flask, dialect: str, headers: Mapping[str, str], amount: Amount) -> Found:
    """Send requests, some that fit the document and some that do not quite, for every operation of a caller."""
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    path = f"/openapi.json?dialect={dialect}"
    schema = schemathesis.openapi.from_wsgi(path, app, config=config, headers=dict(headers))
    schema = schema.include(path_regex=amount.only) if amount.only else schema.exclude(path_regex=ENDINGS)
    found = Found()
    for each in schema.get_all_operations():
        operation = each.ok()
        for case in _edges(operation, amount.edges):
            found.send(case, headers)
        if amount.drawn:
            _draw(operation, amount.drawn, headers, found)
    return found


def _edges(operation: APIOperation, most: int) -> Iterable[Case]:
    """The first of the requests at the edges of the schema."""
    generation = operation.schema.config.generation_for(operation=operation)
    cases: Iterator[Case] = operation.schema.iter_coverage_cases(
        operation, generation_modes=list(MODES), generation_config=generation
    )
    return islice(cases, most)


def _draw(operation: APIOperation, amount: int, headers: Mapping[str, str], found: Found) -> None:
    for mode in MODES:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=amount,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def send(case: Case) -> None:
            found.send(case, headers)

        with suppress(Unsatisfiable):  # there is nothing that could be wrong with a request without parameters
            send()
