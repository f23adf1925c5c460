"""What is measured: five questions, each as Dragoman is asked and as the hand-written views are asked.

In: nothing. Out: `WORKLOADS`, one row per question. Several paths of one question are asked in turn.
"""

from dataclasses import dataclass
from urllib.parse import quote

from bench.data import CATEGORIES, POSTS

_VARIANTS = 40
_NEWEST_FIRST = quote('["-created_at"]')
_WITH_AUTHOR = quote('["*","author.*"]')


@dataclass(frozen=True)
class Workload:
    """One question. `dragoman[i]` and `byhand[i]` ask the same thing."""

    name: str
    dragoman: tuple[str, ...]
    byhand: tuple[str, ...]


_KEYS = tuple(number * POSTS // _VARIANTS + 1 for number in range(_VARIANTS))
_CATEGORIES = tuple(f"category-{number * 7 % CATEGORIES:02d}" for number in range(_VARIANTS))


def _newest(category: str) -> str:
    filtered = quote(f'{{"category":{{"eq":"{category}"}}}}')
    return f"/items/posts?filter={filtered}&sort={_NEWEST_FIRST}&limit=20"


WORKLOADS = (
    Workload(
        "one row by key",
        tuple(f"/items/posts/{key}" for key in _KEYS),
        tuple(f"/posts/{key}" for key in _KEYS),
    ),
    Workload(
        "20 rows, filtered and sorted",
        tuple(map(_newest, _CATEGORIES)),
        tuple(f"/posts/newest/{category}" for category in _CATEGORIES),
    ),
    Workload(
        "100 rows with their author",
        (f"/items/posts?fields={_WITH_AUTHOR}&limit=100",),
        ("/posts/authors",),
    ),
    Workload("1000 rows", ("/items/posts?limit=1000",), ("/posts",)),
    Workload("count", ("/json/post?count=true",), ("/posts/count",)),
)
