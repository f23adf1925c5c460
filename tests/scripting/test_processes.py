"""The processes that evaluate: alone with the expression, bounded, ended and replaced, buried, gone with their worker."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from crud.definitions.settings import Limits
from crud.scripting.engine import Engine, Late, Lost
from crud.scripting.filling import ScriptError
from crud.scripting.pool import Full, Pool
from tests.scripting.conftest import HASTY, PATIENT, children, value

ROOT = Path(__file__).parents[2]
LOOP = "while (true);"
BACKTRACKING = "/^(a+)+$/.test('a'.repeat(40) + 'b')"
PID = "import os, sys; sys.stdout.write('{\"ready\": true}\\n'); sys.stdout.flush(); sys.stdin.readline()\n"


@pytest.fixture
def before() -> set[int]:
    """The children that there were."""
    return {child.pid for child in children()}


def only_child(before: set[int]) -> psutil.Process:
    (found,) = children(before)
    return found


def ended(process: psutil.Process) -> bool:
    """Whether the process is over soon, and buried."""
    deadline = time.monotonic() + 10
    while process.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not process.is_running()


# ---------------------------------------------------------------- alone


def test_nothing_is_started_before_it_is_needed(before: set[int]) -> None:
    pool = Pool()
    assert children(before) == []
    assert value(pool, "1") == 1
    child = only_child(before)
    assert value(pool, "2") == 2 and only_child(before) == child
    pool.close()
    assert not child.is_running()


def test_it_inherits_no_secret_and_no_open_file(pool: Pool, before: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAGOMAN_SECRET", "a secret of the worker")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.set_inheritable(listening.fileno(), True)
        value(pool, "1")
        child = only_child(before)
        assert child.environ() == {"TZ": "UTC0", "LC_ALL": "C"}
        assert child.cwd() == "/"
        assert sorted(os.listdir(f"/proc/{child.pid}/fd")) == [
            "0",
            "1",
            "2",
            "3",
        ]  # the pipes, nowhere, and how much memory it has
        assert child.net_connections() == []


def test_it_can_open_nothing_and_start_nothing(pool: Pool, before: set[int]) -> None:
    value(pool, "1")
    child = only_child(before)
    for kind in (psutil.RLIMIT_NOFILE, psutil.RLIMIT_NPROC, psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE):
        assert child.rlimit(kind) == (0, 0)
    bound, _ = child.rlimit(psutil.RLIMIT_AS)
    assert 0 < bound < child.memory_info().vms + PATIENT.script_memory_bytes + 32_000_000


def test_no_expression_finds_what_another_one_left(pool: Pool, before: set[int]) -> None:
    for source in (
        "globalThis.left = 1",
        "var left = 1",
        "Date.prototype.toISOString = () => 'x'; Object.prototype.left = 1",
    ):
        value(pool, f"{source}; 1")
    assert value(pool, "typeof left + typeof ({}).left + new Date(0)").startswith("undefinedundefined")  # type: ignore[attr-defined]
    assert value(pool, "new Date(0)") == "1970-01-01T00:00:00.000Z"
    only_child(before)


# ---------------------------------------------------------------- ended and replaced


@pytest.mark.parametrize("source", [LOOP, BACKTRACKING])
def test_it_is_killed_at_the_deadline_and_replaced(pool: Pool, before: set[int], source: str) -> None:
    value(pool, "1")
    child = only_child(before)
    with pytest.raises(ScriptError, match=r"took longer than 0\.2 seconds"):
        value(pool, source, HASTY)
    assert children(before) == [] and not child.is_running()
    assert value(pool, "2") == 2 and only_child(before).pid != child.pid


BOMBS = [
    "const all = []; for (;;) all.push(new Array(1000).fill(1))",
    "const all = new Map(); for (let i = 0; ; i++) all.set(i, {i})",
    "new Uint8Array(2 ** 30).length",
    "JSON.stringify(Array(1e7).fill('\\u0001'))",
]


@pytest.mark.parametrize("source", BOMBS)
def test_memory_comes_to_an_end_and_back(pool: Pool, before: set[int], source: str) -> None:
    with pytest.raises(ScriptError):
        value(pool, source, replace(HASTY, script_seconds=1.0))
    assert sum(child.memory_info().rss for child in children(before)) < 40_000_000
    assert value(pool, "2") == 2


def test_what_was_freed_can_be_used_again(pool: Pool, before: set[int]) -> None:
    for _ in range(5):
        assert value(pool, "'x'.repeat(2e7).length") == 20_000_000
    assert len(children(before)) <= 1


def test_it_may_be_killed_while_it_works(pool: Pool, before: set[int]) -> None:
    value(pool, "1")
    child = only_child(before)
    threading.Timer(0.1, child.kill).start()
    with pytest.raises(ScriptError, match="the engine broke off"):
        value(pool, LOOP)
    assert children(before) == []
    assert value(pool, "2") == 2


def test_it_may_be_killed_while_it_waits(pool: Pool, before: set[int]) -> None:
    value(pool, "1")
    child = only_child(before)
    child.kill()
    child.wait()
    assert value(pool, "2") == 2
    assert only_child(before).pid != child.pid


# What a process that was taken over might do: program, and the sign of it.
ODD = {
    "says nothing": "while True: pass",
    "says too much": "while True: sys.stdout.write('x' * 10000)",
    "says no JSON": "print('hello', flush=True); sys.stdin.read()",
    "says a list": "print('[' * 100000, flush=True); sys.stdin.read()",
    "speaks out of turn": 'print(\'{"number": 7, "worn": false, "result": {"failed": ""}}\', flush=True); sys.stdin.read()',
    "says nothing of a result": 'print(\'{"number": 1, "worn": false, "result": 1}\', flush=True); sys.stdin.read()',
    "goes": "sys.exit(3)",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_one_that_misbehaves_is_ended(before: set[int], body: str) -> None:
    pool = Pool((sys.executable, "-I", "-c", PID + body))
    with pytest.raises(ScriptError, match="took longer|broke off"):
        value(pool, "1", replace(HASTY, script_result_chars=1000))
    assert children(before) == []


@pytest.mark.parametrize("body", ["import sys; sys.exit(1)", "print('no')", "import nothing_of_this_name"])
def test_where_none_starts_callers_are_turned_away(before: set[int], body: str) -> None:
    with pytest.raises(Full, match="cannot be evaluated now"):
        value(Pool((sys.executable, "-I", "-c", body)), "1")
    with pytest.raises(Full, match="cannot be evaluated now"):
        value(Pool(("/nowhere/python",)), "1")
    assert children(before) == []


# ---------------------------------------------------------------- so many at once


def test_there_are_never_more_than_allowed(pool: Pool, before: set[int]) -> None:
    limits = replace(PATIENT, scripts_at_once=2)
    seen: list[int] = []

    def one(number: int) -> object:
        made = value(pool, f"const end = Date.now() + 20; while (Date.now() < end); {number}", limits)
        seen.append(len(children(before)))
        return made

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(one, range(24))) == list(range(24))
    assert max(seen) <= 2


def test_whoever_waits_too_long_is_turned_away(pool: Pool, before: set[int]) -> None:
    limits = Limits(scripts_at_once=1, script_seconds=1.0, script_wait_seconds=0.05)
    value(pool, "1", limits)

    def one(_: int) -> str:
        try:
            return str(value(pool, LOOP, limits))
        except (ScriptError, Full) as error:
            return type(error).__name__

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(one, range(6))) == ["Full"] * 5 + ["ScriptError"]
    assert value(pool, "1", limits) == 1


# ---------------------------------------------------------------- gone with the worker

WORKER = f"""
import os, sys, threading
sys.path.insert(0, {str(ROOT)!r})
from crud.definitions.config import Limits
from crud.scripting.filling import Scripts
from crud.scripting.pool import POOL
def value(source, seconds=10):
    return Scripts(Limits(script_seconds=seconds, script_wait_seconds=10)).value("${{{{{{{{ " + source + " }}}}}}}}")
def say(word):
    print(word, flush=True)
value("1")
say(POOL._idle[0].pid)
"""
FORKS = """
if os.fork() == 0:
    value("2")
    say(POOL._idle[0].pid)
    os._exit(0)
os.wait()
value("3")
say(POOL._idle[0].pid)
sys.stdin.readline()
"""
WORKS = """
value("while (Date.now() < 0); 2")
threading.Thread(target=value, args=("for (;;);", 0.5), daemon=True).start()
while POOL._idle: pass
say("on")
value("4")
say(POOL._idle[0].pid)
sys.stdin.readline()
"""


@contextmanager
def worker(rest: str) -> Iterator[Callable[[], str]]:
    """A process of its own that evaluates, and the lines that it says. It is killed in the end."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", WORKER + rest], **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process.stdout.readline
        finally:
            process.kill()


def test_a_forked_worker_starts_its_own_and_they_end_when_it_ends() -> None:
    with worker(FORKS) as said:
        first, forked, still = (int(said()) for _ in range(3))
        assert first == still != forked
        child = psutil.Process(first)
    assert ended(child) and not psutil.pid_exists(forked)


def test_a_worker_that_is_killed_leaves_none_not_even_one_that_works() -> None:
    with worker(WORKS) as said:
        working, _, waiting = said(), said(), said()
        processes = [psutil.Process(int(pid)) for pid in (working, waiting)]
        assert processes[0] != processes[1]
    assert all(map(ended, processes))


def test_late_is_told_from_gone() -> None:
    engine = Engine(PATIENT.script_memory_bytes)
    engine.start()
    with pytest.raises(Late):
        engine.ask(LOOP, seconds=0.05, most=10)
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(Lost, match="gone"):
        engine.ask("1", seconds=10, most=10)
    engine.end()
