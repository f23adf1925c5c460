"""The layout of the file: one line for each column, comments that explain, nothing that is not so already.

In: what was found, the server's settings, where the published schema is. Out: the text of a configuration.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crud.definitions.config import Config
from crud.definitions.semantics import RESERVED
from crud.definitions.settings import Source
from crud.inspection.addresses import from_environment, without_secrets
from crud.inspection.fields import composite, said_of
from crud.inspection.found import Found, Words, called
from crud.inspection.scalars import comment, flow, scalar
from crud.presentation import STYLES
from sql.catalog import Relation, Resource
from sql.introspection import Index, TableInfo

_WIDE = 96


@dataclass(frozen=True)
class Setting:
    """What stands around the resources. `system`: the source of our own tables, where it is another one."""

    config: Config
    schema: str
    system: Source | None = None


def write(found: Found, setting: Setting) -> str:
    """The whole file."""
    parts = (_head(found, setting), _server(setting), _sources(found, setting), _schemas(found), _rules(found))
    return "\n".join(line for part in parts for line in (*part, ""))


def _head(found: Found, setting: Setting) -> Iterator[str]:
    kinds = [str(found.info(resource).kind) for resource in found.resources]
    yield f"# yaml-language-server: $schema={setting.schema}"
    where = without_secrets(found.source.url)
    yield comment(f"Written by `flask db inspect`: {_count(kinds, 'table')} and {_count(kinds, 'view')} of {where}.")
    yield "# A column's own type stands behind it. What is left out stays as the database has it."
    yield from (comment(str(problem)) for problem in found.loaded.problems if "is not served" in problem.message)


def _count(kinds: list[str], kind: str) -> str:
    number = kinds.count(kind)
    return f"{number} {kind}{'' if number == 1 else 's'}"


def _server(setting: Setting) -> Iterator[str]:
    server = setting.config.server
    system = setting.system.name if setting.system else server.system
    yield from ('version: "0.3"', "", "server:")
    yield f'  host: "${{HOST:-{server.host}}}"'
    yield f"  port: ${{PORT:-{server.port}}}"
    yield f"  default_schema: {scalar(server.default_schema)} # its resources have plain names"
    yield f"  system: {scalar(system)} # the source of our own tables: accounts, roles, permissions"
    yield "  # evolve: safe # what of a changed definition is followed at start: safe, all, nothing"
    yield ""
    yield from ("auth:", "  secret: ${DRAGOMAN_SECRET:-} # at least 32 bytes; empty: one is made and kept in var/")
    yield "  registration: closed # open: anybody can make an account"


def _sources(found: Found, setting: Setting) -> Iterator[str]:
    yield "sources:"
    yield from _source(found.source, "DATABASE_URL")
    if setting.system:
        yield from _source(setting.system, "SYSTEM_URL")


def _source(source: Source, variable: str) -> Iterator[str]:
    usual = Source(source.name, source.url)
    given = {name: getattr(source, name) for name in ("busy_seconds", "pool_size", "read_only")}
    options = {name: value for name, value in given.items() if value != getattr(usual, name)}
    if without_secrets(source.url) != source.url:
        yield comment(f"Its password is left out: give the whole address in {variable}, or keep it in ~/.pgpass.")
    yield f"  {scalar(source.name)}:"
    yield f"    url: {from_environment(variable, source.url)}"
    if options:
        yield f"    options: {flow(options)}"


# ---------------------------------------------------------------- resources


def _schemas(found: Found) -> Iterator[str]:
    # In the order of the tables, on which derived names depend where two would meet.
    spaces = dict.fromkeys([*(resource.namespace for resource in found.resources), found.default_schema])
    yield "schemas:"
    words, taken = Words.of(found), set[str]()
    for space in spaces:
        yield f"  {scalar(space)}:"
        yield f"    source: {scalar(found.source.name)}"
        yield "    tables: declared # all: tables that are made later are served, too"
        mine = [resource for resource in found.resources if resource.namespace == space]
        yield "    entities:" if mine else "    entities: {}"
        for resource in mine:
            yield ""
            yield from (f"      {line}" for line in _entity(found, words, resource, taken))


def _entity(found: Found, words: Words, resource: Resource, taken: set[str]) -> Iterator[str]:
    info = found.info(resource)
    yield from (comment(text) for text in _explained(found, resource, info))
    body = [*_columns(found, words, resource), *_whole(found, resource, taken)]
    yield f"{scalar(resource.entity)}:{'' if body else ' {}'}"
    yield from (f"  {line}" for line in body)


def _explained(found: Found, resource: Resource, info: TableInfo) -> Iterator[str]:
    number = len(resource.columns)
    keyless = "" if resource.key else "; without a key: no row has an address"
    yield f"{resource.entity}: a {info.kind} of {number} column{'' if number == 1 else 's'}{keyless}"
    yield from _wrapped("Relations: ", [_relation(each) for each in resource.relations.values()])
    yield from composite(found, resource)


def _relation(relation: Relation) -> str:
    through = f" through {called(relation.through.resource)}" if relation.through else ""
    return f"{relation.name} ({'one' if relation.kind == 'to_one' else 'many'} {called(relation.target)}{through})"


def _wrapped(head: str, items: list[str]) -> Iterator[str]:
    line = head
    for number, item in enumerate(items):
        mark = item if number == len(items) - 1 else item + ", "
        if len(line) + len(mark) > _WIDE and line.strip():
            yield line.rstrip()
            line = "  "
        line += mark
    if items:
        yield line


def _columns(found: Found, words: Words, resource: Resource) -> Iterator[str]:
    lines = []
    for column in resource.columns.values():
        said = said_of(found, words, resource, column)
        if column.read_only:
            said.keys["read_only"] = True
        notes = f" {comment('; '.join(said.notes))}" if said.notes else ""
        lines += [f"  {scalar(column.name)}: {flow(said.keys)}{notes}"] if column.name else []
    yield from ["fields:", *lines] if lines else []


def _whole(found: Found, resource: Resource, taken: set[str]) -> Iterator[str]:
    """What the resource says beside its fields."""
    if len(resource.key) > 1:
        yield f"key: {flow(resource.key)}"
    together = [list(unique) for unique in found.uniques(resource) if len(unique) > 1]
    if together:
        yield f"unique: {flow(together)}"
    yield from _indexes(found.indexes(resource), taken)
    yield from _renamed(resource)


def _indexes(indexes: tuple[Index, ...], taken: set[str]) -> Iterator[str]:
    """Each name once in the file."""
    named = [index for index in indexes if index.name not in taken]
    taken.update(index.name for index in named)
    yield from ["indexes:"] if named else []
    yield from (f"  - {flow(_index(index))}" for index in named)
    yield from (comment(f"index {_shown(index)}: another one has its name") for index in indexes if index not in named)


def _index(index: Index) -> dict[str, object]:
    return {"name": index.name, "fields": index.columns} | ({"unique": True} if index.unique else {})


def _shown(index: Index) -> str:
    return f"{index.name} ({', '.join(index.columns)})"


def _renamed(resource: Resource) -> Iterator[str]:
    """Another name in a dialect in which its own is a reserved word."""
    names = {dialect: {"name": f"{resource.entity}_table"} for dialect in unreachable(resource)}
    if names:
        yield f"dialects: {flow(names)} # its name is a reserved word there"


def unreachable(resource: Resource) -> Iterator[str]:
    """The dialects in which every name of a resource is a reserved word."""
    for dialect, reserved in RESERVED.items():
        customary = STYLES[dialect].customary
        if {resource.name, customary(resource.entity) if customary else resource.name} <= reserved:
            yield dialect


# ---------------------------------------------------------------- rules


def _rules(found: Found) -> Iterator[str]:
    example = next((each.name for each in found.resources if each.name.isidentifier()), "posts")
    yield "# What no rule allows is refused; an administrator may do everything. docs/access.md says how:"
    yield "# rules:"
    yield comment(f"  - {flow({'role': 'anon', 'resource': example, 'actions': ['read']})}")
    yield comment(f"  - {flow({'role': 'user', 'resource': example, 'actions': ['read', 'create', 'update']})}")
