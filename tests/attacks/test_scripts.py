"""Expressions that shall harm: every one ends in a 400 soon, the worker serves on, and nothing is left of it."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
from flask import Flask

from tests.attacks.conftest import Token, World
from tests.attacks.world import CONFIG
from tests.tables import each

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")  # which takes no part
PEOPLE = "/schema/main/people"
SHORT = "limits: {script_seconds: 0.2, script_wait_seconds: 0.1, scripts_at_once: 2}\n"
# The source of an expression, and what the refusal says of it.
LATE, KIND = r"took longer than 0\.2 seconds", "the result is of type"
# Whichever comes first; the engine itself does not always survive that there is no more memory.
MEMORY, STACK = (f"{first}|the engine broke off|{LATE}" for first in ("out of memory", "stack overflow"))
LASTING = [
    "while (true);",
    "for (;;) try { while (true); } finally { continue }",
    "/^(a+)+$/.test('a'.repeat(50) + '!')",
    "throw {toString() { while (true); }}",
    "Object.defineProperty(Object.prototype, 'text', {get() { while (true); }}); for (;;);",
]
ATTACKS: list[tuple[str, str]] = [
    *((source, LATE) for source in LASTING),
    ("const all = []; for (;;) all.push(new Array(1000).fill(7))", MEMORY),
    ("let text = 'x'; for (;;) text += text", MEMORY),
    ("'x'.repeat(2 ** 29)", MEMORY),
    ("new ArrayBuffer(2 ** 31 - 1)", MEMORY),
    ("Array.from({length: 1e8}, () => ({}))", ""),
    ("2n ** (2n ** 40n)", ""),
    ("(function again() { return again() + 1 })()", STACK),
    ("(" * 9_000 + "1" + ")" * 900, ""),
    ("[" * 9_000, STACK),
    ("JSON.parse('['.repeat(1e6))", STACK),
    ("const o = {}; o.o = o; JSON.stringify(o)", "circular"),
    ("let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; JSON.stringify(deep)", STACK),
    ("'x'.repeat(1e6)", "longer than 100000 characters"),
    ("'\\u0001'.repeat(100001)", "longer than 100000 characters"),
    ("for (let i = 0; ; i++) console.log(i)", "'console' is not defined"),
    ("print('x'.repeat(1e6))", "'print' is not defined"),
    ("require('child_process')", "'require' is not defined"),
    ("process.exit()", "'process' is not defined"),
    ("import 'os'", "SyntaxError"),
    ("import('os')", KIND),
    ("import * as std from 'std'", "SyntaxError"),
    ("std.open('/etc/passwd', 'r')", "'std' is not defined"),
    ("os.exec(['id'])", "'os' is not defined"),
    ("fetch('http://127.0.0.1/')", "'fetch' is not defined"),
    ("setTimeout(() => 1, 1)", "'setTimeout' is not defined"),
    ("Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)", "cannot block"),
    ("''.constructor.constructor('return this')()", KIND),
    ("(() => {}).constructor('return process')()", "'process' is not defined"),
    ("this.constructor.constructor('return require')()", "'require' is not defined"),
    ("Object.prototype.toString = Array.prototype.join = null; [] + {}", ""),
    ("Reflect.ownKeys(globalThis).filter(name => /file|open|exec|spawn|load|read|script|python/i.test(name)).join() + x", "'x'"),
    ("const {get} = Reflect; new Proxy({}, {get})", KIND),
    ("throw new Proxy(Error, {get() { throw 1 }})", ""),
    ("Error.prototype.toString = () => 'x'.repeat(1e6); x", "xxx"),
    ("JSON.stringify = JSON.parse = String = eval = null; Reflect.apply = null; ({})", KIND),
    ("Array.prototype[Symbol.iterator] = function* () { yield 'string'; yield 7 }; ({})", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def app(make_app: Callable[..., Flask], world: World) -> Flask:
    """The world again, with little time for expressions."""
    return make_app(CONFIG + SHORT, world.url)


def told(app: Flask, headers: Token, source: str) -> tuple[int, Any]:
    """Status and answer of a select with an expression."""
    answer = app.test_client().post(PEOPLE, json={"filter": {"name": f"${{{{ {source} }}}}"}}, headers=headers)
    return answer.status_code, json.loads(answer.data)


@each(("source", "part"), ATTACKS, ids=[source[:60] for source, _ in ATTACKS])
def test_a_harmful_expression_is_refused_and_nothing_is_left_of_it(
    app: Flask, admin: Token, source: str, part: str
) -> None:
    before = psutil.Process().memory_info().rss
    status, answer = told(app, admin, source)
    assert status == 400, answer
    assert re.search(part, answer["message"]) and len(answer["message"]) < 500
    assert answer["errors"][0]["path"] == "/body/filter"
    assert not any(word in answer["message"] for word in (".py", ".js", "<eval>", "/usr", "/etc/passwd'\n"))
    assert told(app, admin, "'no' + 'body'")[0] == 200
    assert psutil.Process().memory_info().rss - before < 20_000_000
    assert all(child.memory_info().rss < 60_000_000 for child in evaluators())


def test_attacks_at_once_find_no_more_than_two_processes_and_end_all(app: Flask, admin: Token) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(told, app, admin, source) for source in LASTING[:4] * 3]
        statuses = [each.result()[0] for each in found]
    assert set(statuses) == {400, 503}
    assert len(evaluators()) <= 2
    assert told(app, admin, "''")[0] == 200


def test_a_full_house_says_when_to_come_again(app: Flask, admin: Token) -> None:
    def one(_: int) -> tuple[int, str | None, bool]:
        answer = app.test_client().post(PEOPLE, json={"filter": {"name": "${{ for (;;); }}"}}, headers=admin)
        return answer.status_code, answer.headers.get("Retry-After"), "error" in answer.json

    with ThreadPoolExecutor(6) as threads:
        assert {*threads.map(one, range(6))} == {(400, None, False), (503, "1", True)}


def test_a_process_that_is_killed_while_it_works_hurts_nobody(app: Flask, admin: Token) -> None:
    told(app, admin, "''")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(told, app, admin, "for (;;);")
        for child in evaluators():
            child.kill()
        assert answer.result()[0] in (200, 400)
    assert told(app, admin, "''")[0] == 200
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


def evaluators() -> list[psutil.Process]:
    """The processes of this one that evaluate expressions."""
    children = psutil.Process().children()
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "child.py" in " ".join(child.cmdline())]
