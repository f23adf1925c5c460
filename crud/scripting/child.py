"""The process that evaluates: a program of its own, started as `python -I child.py MEMORY`. Imports nothing of ours.

In: lines of JSON on the standard input, each with the source of one expression and its bounds. Out: one line of JSON
for each. Every expression gets a context of its own, which is gone with it. Before the first one, the process gives up
what it does not need: more memory, files, processes. The parent ends it at the deadline; should the parent be gone,
an alarm does.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import quickjs

PRELUDE = Path(__file__).with_name("prelude.js").read_text(encoding="utf-8")
STACK = 500_000
ROOM = 16_000_000  # beside what the engine may have: Python's own, and results on their way
GROWN = 8_000_000  # a process that has grown by more is not used again
GRACE = 0.5
PAGE = resource.getpagesize()
STATM = os.open("/proc/self/statm", os.O_RDONLY) if os.path.exists("/proc/self/statm") else None
Asked = dict[str, object]
_closed = (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)


def close_doors(memory: int) -> None:
    """Allow so much more memory, no more files, no processes, no dump. What a system does not know is left out."""
    bound = pages()[0] * PAGE + memory + ROOM
    for kind, most in ((resource.RLIMIT_AS, bound), *((kind, 0) for kind in _closed)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def evaluate(source: str, *, memory: int, most: int) -> object:
    """What an expression gives, in a context of its own: `{kind, text}` or `{failed}`."""
    context = quickjs.Context()
    context.set_memory_limit(memory)
    context.set_max_stack_size(STACK)
    return json.loads(context.eval(PRELUDE)(json.dumps(source), most))


def told(work: Callable[[], object]) -> object:
    """What became of an expression, whatever did."""
    try:
        return work()
    except MemoryError:
        return {"failed": "InternalError: out of memory"}
    except Exception as error:
        return {"failed": (str(error).splitlines() or ["no result"])[0][:200]}


def pages() -> tuple[int, int]:
    """How many pages of memory this process has, and how many of them it uses."""
    size, used, *_ = os.pread(STATM, 100, 0).split() if STATM is not None else (b"250000", b"0")
    return int(size), int(used)


def answer(asked: Asked, *, memory: int) -> object:
    """What became of the expression of a line, unless it lasts until the alarm."""
    source, most = str(asked["source"]), int(str(asked["most"]))
    signal.setitimer(signal.ITIMER_REAL, float(str(asked["seconds"])) + GRACE)
    made = told(lambda: evaluate(source, memory=memory, most=most))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return made


def main(memory: int) -> None:
    """Answer until nobody asks any more."""
    close_doors(memory)
    _, fresh = pages()
    say({"ready": True})
    for line in sys.stdin.buffer:
        asked: Asked = json.loads(line)
        result = answer(asked, memory=memory)
        worn = (pages()[1] - fresh) * PAGE > GROWN
        say({"number": asked["number"], "worn": worn, "result": result})
        if worn:
            return


def say(data: Asked) -> None:
    """One line to the parent."""
    sys.stdout.buffer.write(json.dumps(data).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
