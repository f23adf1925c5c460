"""How the service is to behave, as frozen values: where it listens, its databases, dialects, limits, cache and figures.

In: nothing; `crud.definitions.reading` makes these out of checked data. Out: values with defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Evolve = Literal["safe", "all", "nothing"]
EVOLVE: tuple[Evolve, ...] = ("safe", "all", "nothing")
DIALECTS = ("phantom", "xond", "sonicjs", "metal", "baasix")


@dataclass(frozen=True)
class Server:
    """Where the service listens, and which schema and source are the default ones.

    `evolve`: what of a changed definition the tables follow of their own accord; `watch`: changed files are noticed;
    `cors`: the origins whose pages may ask.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    default_schema: str = "main"
    system: str = "default"
    name: str = "dragoman"
    proxy_hops: int = 0
    cors: tuple[str, ...] = ()
    evolve: Evolve = "safe"
    watch: bool = True


@dataclass(frozen=True)
class Source:
    """A database. `folder`: of the files that are staged as one. `memory`: it lasts as long as the service, and has at
    most `max_bytes`; `autocreate`: rows for an entity that is not there make it."""

    name: str
    url: str = field(repr=False)
    busy_seconds: float = 5.0
    pool_size: int = 10
    read_only: bool = False
    folder: str = ""
    memory: bool = False
    autocreate: bool = False
    max_bytes: int = 100_000_000


@dataclass(frozen=True)
class DialectConfig:
    """A dialect's switch and mounts (default mount → mount). `scripts`: roles whose `${{ … }}` Metal evaluates."""

    enabled: bool = True
    mounts: Mapping[str, str] = field(default_factory=dict)
    trust_body_identity: bool = False
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What a request may cost. Everything beyond is answered with a 4xx, statement time with a 503."""

    filter_depth: int = 16
    filter_terms: int = 200
    include_depth: int = 6
    include_nodes: int = 50
    query_bytes: int = 65536
    header_bytes: int = 65536
    body_bytes: int = 10_000_000
    response_bytes: int = 10_000_000
    form_parts: int = 100
    list_items: int = 10_000
    import_bytes: int = 50_000_000
    import_row_bytes: int = 1_000_000
    import_errors: int = 100
    max_rows: int = 100_000
    statement_seconds: float = 5.0
    scripts: int = 20
    scripts_at_once: int = 2
    script_seconds: float = 0.5
    script_wait_seconds: float = 0.25
    script_chars: int = 10_000
    script_result_chars: int = 100_000
    script_memory_bytes: int = 32_000_000
    sort_keys: int = 20
    plan_steps: int = 50
    phantom_page: int = 100
    phantom_page_max: int = 1000
    xond_page: int = 10
    xond_page_max: int = 1000
    sonicjs_page: int = 1000
    sonicjs_page_max: int = 1000


@dataclass(frozen=True)
class CacheSettings:
    """Where answers are kept for readers who ask for that, for how long at most, how many, and how long each may be."""

    enabled: bool = True
    store: Literal["memory", "files", "redis"] = "files"
    path: str = "var/cache"
    url: str = field(default="", repr=False)
    max_seconds: float = 3600
    max_entries: int = 1000
    max_bytes: int = 1_000_000


@dataclass(frozen=True)
class Telemetry:
    """What is told of requests: a line of the log for each, statements that are slow (0: none). `figures` and `timing`
    are roles, besides administrators, that are told how the service does, and where the time of their requests went;
    `token` is shown by a program that reads the figures.
    """

    access_log: bool = True
    slow_seconds: float = 1.0
    figures: tuple[str, ...] = ()
    token: str = field(default="", repr=False)
    timing: tuple[str, ...] = ()
