"""Reads the sources of a configuration: databases by their URLs or in Metal's parts, folders of files, memory.

In: data that has passed `schema.SOURCE`, by name. Out: `Source`s, and what is wrong with them.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.settings import Source

Data = Mapping[str, Any]
PLACES = ("url", "database", "host", "port", "user", "password")
# option → the provider that it goes with
OWN = {"folder": "files", "autocreate": "memory", "max_bytes": "memory"}


def read_sources(data: Data, place: Place) -> tuple[dict[str, Source], list[Problem]]:
    """All sources; one SQLite file where none is said."""
    sources = {name: _source(name, said) for name, said in data.items()}
    problems = [problem for name, said in data.items() for problem in _problems(said, place / name)]
    return sources or {"default": Source("default", "sqlite:///dragoman.sqlite")}, problems


def _source(name: str, data: Data) -> Source:
    options = data.get("options", {})
    match data.get("provider"):
        case "memory":
            return Source(name, f"memory:///{name}", memory=True, **options)
        case "files":
            folder = options.get("folder", "")
            return Source(name, f"files:///{folder}", **{**options, "read_only": True})
    return Source(name, source_url(data) or "", **options)


def _problems(data: Data, at: Place) -> Iterator[Problem]:
    provider, options = data.get("provider", "sqlite"), data.get("options", {})
    for option, owner in OWN.items():
        if option in options and provider != owner:
            yield Problem(f"goes with provider {owner}", at / "options" / option)
    if provider == "files" and "folder" not in options:
        yield Problem("provider files and options.folder go together", at)
    for key in PLACES if provider == "memory" else ():
        if key in data:
            yield Problem("what is in memory has no address", at / key)
    if provider not in ("files", "memory") and source_url(data) is None:
        yield Problem("lacks its database", at, allowed=("url", "database"))


def source_url(data: Data) -> str | None:
    """The URL of a source: given whole, as a path, or in Metal's parts."""
    database = data.get("url") or data.get("database")
    if database is None or "://" in database:
        return database
    if data.get("provider", "sqlite") == "sqlite":
        return f"sqlite:///{database}"
    password = f":{quote(str(data['password']), safe='')}" if "password" in data else ""
    user = f"{quote(data['user'], safe='')}{password}@" if "user" in data else ""
    return f"postgresql://{user}{data.get('host', 'localhost')}:{data.get('port', 5432)}/{quote(database, safe='')}"


def plan_sources(data: Data, place: Place) -> tuple[dict[str, str], list[Problem]]:
    """The sources that are plans, of a whole configuration: name → plan. They are no databases."""
    found, problems = {}, []
    for name, source in data.get("sources", {}).items():
        if source.get("provider") != "plan":
            continue
        found[name] = str(source.get("database", ""))
        if found[name] not in data.get("plans", {}):
            message = f"provider plan takes the name of a plan as its database, not {found[name]!r}"
            problems.append(Problem(message, place / name, tuple(data.get("plans", {}))))
    return found, problems
