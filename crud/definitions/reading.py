"""Reads configuration files: the way from a path to a `Config`, or to all that is wrong with it.

In: a path, or texts that were gathered before, and an environment. Out: `read_files`, `config_from`, `read_config`,
`check_config`, `config_for_database`. Shape first (`shapes`), then values (here and in `entities`), then what the parts
say of each other (`semantics`).
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crud.definitions.access import read_auth, read_users
from crud.definitions.config import Config, canonical_role
from crud.definitions.declared import ACTIONS, HookDefinition, ResourceDefinition, SchemaDefinition
from crud.definitions.declared_schema import RESOURCE
from crud.definitions.document import Document, parse_document
from crud.definitions.entities import read_audit, read_resource, read_rule
from crud.definitions.environment import MissingVariable, value_of
from crud.definitions.identity import Auth
from crud.definitions.place import Place
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.schema import CONFIG
from crud.definitions.semantics import check_meaning
from crud.definitions.settings import DIALECTS, CacheSettings, DialectConfig, Limits, Server, Source, Telemetry
from crud.definitions.shapes import check_shape
from crud.definitions.sources import plan_sources, read_sources
from crud.definitions.texts import Texts, folder_texts, gathered, metadata_of

Data = Mapping[str, Any]
ALONE = "only an entity of config.yml may have the table of another"
LETTERS: Mapping[str, tuple[str, ...]] = {
    "c": ("create",),
    "r": ("read",),
    "u": ("update",),
    "d": ("delete",),
    "l": ("list",),
    "a": (*ACTIONS, "reload"),
}


def read_config(path: str | Path, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration of a file. Raises ConfigError with every mistake."""
    return read_files(path, environment)[0]


def read_files(path: str | Path, environment: Mapping[str, str] | None = None) -> tuple[Config, Texts]:
    """The configuration of a file, and the texts that it was made of. Raises ConfigError with every mistake."""
    config, texts, problems = _read(Path(path), os.environ if environment is None else environment)
    if texts is None:
        raise ConfigError(problems)
    return _good(config, problems), texts


def config_from(texts: Texts, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration of texts that were gathered before. Raises ConfigError with every mistake."""
    document = texts.document(os.environ if environment is None else environment)
    return _good(*config_of(document, texts.path.parent, texts.metadata))


def check_config(path: str | Path, environment: Mapping[str, str] | None = None) -> list[Problem]:
    """Everything that is wrong with a file."""
    _, _, problems = _read(Path(path), os.environ if environment is None else environment)
    return list(ConfigError(problems).problems)


def _good(config: Config | None, problems: list[Problem]) -> Config:
    if config is None or any(not problem.warning for problem in problems):
        raise ConfigError(problems)
    return config


def config_for_database(url: str, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration that serves one database alone, to administrators. Raises ConfigError."""
    variables = os.environ if environment is None else environment
    port, hops = _number(variables, "PORT", 3000, 65535), _number(variables, "PROXY_HOPS", 0, 10)
    config = Config(
        server=Server(host=variables.get("HOST") or "127.0.0.1", port=port, proxy_hops=hops),
        auth=Auth(secret=variable("DRAGOMAN_SECRET", variables)),
        sources={"default": Source("default", url)},
        schemas={"main": SchemaDefinition("main")},
    )
    problems = check_meaning(config)
    if any(not problem.warning for problem in problems):
        raise ConfigError(problems)
    return config


def variable(name: str, environment: Mapping[str, str] | None = None) -> str:
    """A variable of the environment, or what the file of NAME_FILE holds; empty where there is neither. Raises
    ConfigError."""
    try:
        return value_of(os.environ if environment is None else environment, name) or ""
    except MissingVariable as missing:
        raise ConfigError([Problem(str(missing))]) from None


def _number(variables: Mapping[str, str], name: str, default: int, most: int) -> int:
    given = variables.get(name) or str(default)
    if not given.isdecimal() or int(given) > most:
        raise ConfigError([Problem(f"{name} must be a number up to {most}, not {given[:20]!r}")])
    return int(given)


def _read(path: Path, environment: Mapping[str, str]) -> tuple[Config | None, Texts | None, list[Problem]]:
    texts, document, unread = gathered(path, environment)
    if texts is None:
        return None, None, unread
    config, problems = config_of(document, path.parent, texts.metadata)
    return config, texts, [*unread, *problems]


def config_of(
    document: Document, base: Path = Path(), metadata: Mapping[str, str] | None = None
) -> tuple[Config | None, list[Problem]]:
    """The configuration of a document, and everything that is wrong with it. `base`: where its paths begin;
    `metadata`: the texts of its directory, which are read where they are not given."""
    if document.problems:
        return None, document.problems
    document.data = {} if document.data is None else document.data
    problems = check_shape(document, CONFIG)
    if problems:
        return None, problems
    unread: list[Problem] = []
    folder = metadata_of(document, base)
    if folder is not None and metadata is None:
        metadata, unread = folder_texts(folder, document.place / "metadata")
    config, problems = _config(document, base, metadata or {})
    return config, [*unread, *problems, *check_meaning(config)]


def _server(given: Data) -> Server:
    return Server(**{**given, "cors": tuple(given.get("cors", ()))})


def _config(document: Document, base: Path, metadata: Mapping[str, str]) -> tuple[Config, list[Problem]]:
    data: Data = document.data  # type: ignore[assignment]
    top = document.place
    server = _server(data.get("server", {}))
    databases = {name: said for name, said in data.get("sources", {}).items() if said.get("provider") != "plan"}
    sources, problems = read_sources(databases, top / "sources")
    served, unknown = plan_sources(data, top / "sources")
    declared, more = _metadata(metadata, metadata_of(document, base) or base, server)
    return Config(
        file=document.file,
        server=server,
        auth=read_auth(data.get("auth", {}), top / "auth", base),
        roles={canonical_role(role): _actions(letters) for role, letters in data.get("roles", {}).items()},
        users=read_users(data.get("users", {})),
        sources=sources,
        schemas=_schemas(data, top, server=server, sources=sources, declared=declared, plans=served),
        accounts=read_resource(data.get("accounts", {}), top / "accounts", entity="users", namespace="system"),
        rules=tuple(read_rule(rule, top / "rules" / i, resource="*") for i, rule in enumerate(data.get("rules", []))),
        audit={name: read_audit(given) for name, given in data.get("audit", {}).items()},
        hooks=tuple(HookDefinition(**hook, place=top / "hooks" / i) for i, hook in enumerate(data.get("hooks", []))),
        plans={name: {e: _steps(steps) for e, steps in plan.items()} for name, plan in data.get("plans", {}).items()},
        dialects={name: _dialect(data.get("dialects", {}).get(name, {})) for name in DIALECTS},
        limits=Limits(**data.get("limits", {})),
        cache=CacheSettings(**data.get("cache", {})),
        telemetry=_telemetry(data.get("telemetry", {})),
        metadata=metadata_of(document, base),
        sample=base / data["sample"] if "sample" in data else None,
        place=top,
    ), problems + more + unknown


def _steps(steps: list[Any]) -> tuple[Mapping[str, object], ...]:
    """Steps, each with its word. One that is a bare word takes nothing."""
    return tuple({step: None} if isinstance(step, str) else step for step in steps)


def _actions(letters: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(action for letter in letters for action in LETTERS[letter]))


def _telemetry(data: Data) -> Telemetry:
    roles = {key: tuple(canonical_role(role) for role in data.get(key, ())) for key in ("figures", "timing")}
    return Telemetry(**{**data, **roles})


def _dialect(data: Data) -> DialectConfig:
    return DialectConfig(
        enabled=data.get("enabled", True),
        mounts=data.get("mounts", {}),
        trust_body_identity=data.get("trust_body_identity", False),
        scripts=tuple(canonical_role(role) for role in data.get("scripts", ())),
    )


def _schemas(
    data: Data,
    top: Place,
    *,
    server: Server,
    sources: Mapping[str, Source],
    declared: tuple[ResourceDefinition, ...],
    plans: Mapping[str, str],
) -> dict[str, SchemaDefinition]:
    usual = "default" if "default" in sources else next(iter(sources))
    given = data.get("schemas") or {server.default_schema: {}}
    schemas = {name: _schema(name, body, top / "schemas" / name, usual, plans) for name, body in given.items()}
    main = schemas.get(server.default_schema)
    if main and declared:
        entities = main.entities + tuple(_moved(d, main) for d in declared)
        schemas[main.name] = replace(main, entities=entities)
    return schemas


def _moved(definition: ResourceDefinition, schema: SchemaDefinition) -> ResourceDefinition:
    return replace(definition, namespace=schema.name, source=schema.source)


def _schema(name: str, data: Data, place: Place, usual: str, plans: Mapping[str, str]) -> SchemaDefinition:
    plan = plans.get(data.get("source", ""), "")
    source = usual if plan else data.get("source", usual)
    entities = tuple(
        read_resource(entity, place / "entities" / word, entity=word, namespace=name, source=source)
        for word, entity in data.get("entities", {}).items()
    )
    roles = tuple(canonical_role(role) for role in data["roles"]) if "roles" in data else None
    everything = data.get("tables", "declared" if entities else "all") == "all"
    guarded, masked = data.get("require_filter", False), data.get("anonymize", "").split(",")
    names = tuple(word.strip() for word in masked if word.strip())
    own, shared = (tuple(each for each in entities if bool(each.of) is of) for of in (False, True))
    made = SchemaDefinition(name, source, roles, own, everything, guarded, names, shared, place=place)
    return replace(made, entities=(), everything=False, plan=plan, planned=entities) if plan else made


def _metadata(
    texts: Mapping[str, str], folder: Path, server: Server
) -> tuple[tuple[ResourceDefinition, ...], list[Problem]]:
    """The resources of a directory of `<Resource>.json`, each with a key and stamps of its own accord."""
    found, problems = [], []
    for name, text in texts.items():
        document = parse_document(text, {}, file=str(folder / name))
        if isinstance(document.data, dict):
            document.data.pop("$schema", None)  # for editors
        wrong = document.problems or check_shape(document, RESOURCE)
        problems += wrong
        if not wrong:
            data: Data = {"stamps": True, **document.data}  # type: ignore[dict-item]
            fields = data.get("fields", {})
            own_key = data.get("key") or any(f.get("key") or f.get("primaryKey") for f in fields.values())
            key = {} if own_key else {"id": {"type": "uuid", "key": True, "default": "uuid"}}
            data = {**data, "fields": {**key, **fields}}
            made = read_resource(data, document.place, entity=Path(name).stem, namespace=server.default_schema)
            problems += [Problem(ALONE, document.place / "schema")] if made.of else []
            found.append(made)
    return tuple(found), problems
