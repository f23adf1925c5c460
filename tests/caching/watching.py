"""Readers and writers at once, and what a reader may be told: nothing older than what was acknowledged before he asked.

In: functions that write a number into a row, and that read all rows with a kept answer. Out: `Seen`: how many answers
there were of each kind, and every one that was too old.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

# reader: the number in each row, and when the answer expires (None: it is not a kept one)
Read = Callable[[], tuple[Mapping[int, int], int | None]]
Write = Callable[[int, int], None]
ROWS = 3


@dataclass
class Seen:
    """What was seen. `plain`: answers that were not kept; `times`: seconds of found answers and of all others."""

    reads: int = 0
    writes: int = 0
    plain: int = 0
    old: list[str] = field(default_factory=list)
    expiries: set[int] = field(default_factory=set)
    found: list[float] = field(default_factory=list)
    made: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The share of reads that found an answer."""
        return len(self.found) / max(1, self.reads)


def watched(clients: int, requests: int, share: float, callers: Callable[[], tuple[Read, Write]]) -> Seen:
    """Clients that read, and now and then (`share`) write the next number into a row of their choice."""
    seen, lock, acknowledged = Seen(), threading.Lock(), dict.fromkeys(range(1, ROWS + 1), 0)
    locks = {row: threading.Lock() for row in acknowledged}

    def one(number: int) -> None:
        read, write = callers()
        chance = random.Random(number)
        for _ in range(requests // clients):
            if chance.random() < share:
                row = chance.randint(1, ROWS)
                with locks[row]:
                    write(row, acknowledged[row] + 1)
                    acknowledged[row] += 1
                with lock:
                    seen.writes += 1
            else:
                _look(read, dict(acknowledged), seen, lock)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))
    return seen


def _look(read: Read, floor: Mapping[int, int], seen: Seen, lock: threading.Lock) -> None:
    started = time.perf_counter()
    rows, expires = read()
    took = time.perf_counter() - started
    with lock:
        seen.reads += 1
        seen.old += [f"{row}: {rows[row]} after {known}" for row, known in floor.items() if rows[row] < known]
        seen.plain += expires is None
        known = expires in seen.expiries
        (seen.found if known else seen.made).append(took)
        if expires is not None:
            seen.expiries.add(expires)
