"""Definitions that arrived by request, beside those of the files: resources of the default schema.

In: a `Config`, and definitions as data in the one shape (`schema.RESOURCE`). Out: the `Config` with them, and what is
wrong: their shape, their names (only what both databases hold), what they and the rest say of each other. A place says
of which definition a mistake is.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from crud.definitions.config import Config
from crud.definitions.declared import ResourceDefinition
from crud.definitions.declared_schema import RESOURCE
from crud.definitions.document import Document
from crud.definitions.entities import read_resource
from crud.definitions.place import Place
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.semantics import check_meaning
from crud.definitions.shapes import check_shape
from sql.catalog import LONGEST_NAME

Data = Mapping[str, object]
MOST_FIELDS = 1000
REMEMBERED = 1000
TAKEN_PREFIXES = ("_dragoman_", "sqlite_", "pg_")
# Every table of PostgreSQL has these already.
TAKEN_COLUMNS = frozenset({"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"})


def with_added(config: Config, definitions: Mapping[str, Data]) -> Config:
    """The configuration with resources that arrived by request. Raises ConfigError with every mistake."""
    if not definitions:
        return config
    main = config.schemas.get(config.server.default_schema)
    if main is None:
        raise ConfigError(check_meaning(config))
    made: list[ResourceDefinition] = []
    problems: list[Problem] = []
    for name, data in definitions.items():
        read, wrong = read_added(name, data)
        made += [] if read is None else [replace(read, namespace=main.name, source=main.source)]
        problems += wrong
    whole = replace(main, entities=(*main.entities, *made))
    config = replace(config, schemas={**config.schemas, main.name: whole})
    problems += check_meaning(config)
    if any(not problem.warning for problem in problems):
        raise ConfigError(problems)
    return config


def read_added(name: str, data: Data) -> tuple[ResourceDefinition | None, tuple[Problem, ...]]:
    """One definition, and what is wrong with it by itself."""
    return _read(name, json.dumps(data))


@lru_cache(maxsize=REMEMBERED)
def _read(name: str, text: str) -> tuple[ResourceDefinition | None, tuple[Problem, ...]]:
    """Remembered: all definitions are read again whenever one of them changes."""
    document = Document(f"the definition of {name[:LONGEST_NAME]!r}", data=json.loads(text))
    problems = check_shape(document, RESOURCE)
    if problems:
        return None, tuple(problems)
    definition = read_resource(document.data, document.place, entity=name)  # type: ignore[arg-type]
    return definition, tuple(check_names(definition))


# ---------------------------------------------------------------- names


def check_names(definition: ResourceDefinition) -> Iterator[Problem]:
    """What is wrong with the names that a database is to hold."""
    at = definition.place
    yield from _name(definition.entity, at)
    if definition.of:
        yield Problem("a definition that arrives by request has a table of its own", at / "schema")
    if definition.table != definition.entity:
        yield from _name(definition.table, at / "table")
    if len(definition.fields) > MOST_FIELDS:
        yield Problem(f"has more than {MOST_FIELDS} fields", at / "fields")
    for field in definition.fields:
        yield from _name(field.name, at / "fields" / field.name)
        if field.name.casefold() in TAKEN_COLUMNS:
            yield Problem(f"{field.name!r} is a column that PostgreSQL has of its own", at / "fields" / field.name)
    for index in definition.indexes:
        yield from _name(index.name, index.place / "name") if index.name else ()
    for name in _alike(field.name for field in definition.fields):
        yield Problem(f"several fields are called {name!r}, in capitals and small letters", at / "fields")


def _name(name: str, place: Place) -> Iterator[Problem]:
    if not name:
        yield Problem("a name must not be empty", place)
    elif "\x00" in name or any("\ud800" <= character <= "\udfff" for character in name):
        yield Problem("a name has characters that no database keeps", place)
    elif len(name.encode()) > LONGEST_NAME:
        yield Problem(f"a name is longer than {LONGEST_NAME} bytes", place)
    elif name.casefold().startswith(TAKEN_PREFIXES):
        yield Problem(f"a name must not begin with {' or '.join(TAKEN_PREFIXES)}", place)


def _alike(names: Iterable[str]) -> list[str]:
    """The names, in small letters, that several of these have: SQLite does not tell them apart."""
    return [name for name, count in Counter(map(str.casefold, names)).items() if count > 1]
