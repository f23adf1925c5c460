"""The shape of definitions as editors read it: JSON Schema with names for its parts and words for its keys.

In: `schema`, from which files are checked, and `descriptions`. Out: `config_schema` and `resource_schema`, published as
`docs/schema/*.json`. Where a value may come from the environment (`${NAME}`), its text is allowed as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from crud.definitions import declared_schema, schema
from crud.definitions.descriptions import DESCRIPTIONS
from crud.definitions.steps import STEP
from crud.definitions.words import COUNT, FLAG, Schema

HOME = "https://dragoman.example/schema/"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
VARIABLE: Schema = {"type": "string", "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}\n]*)?\\}"}
# The parts that have a name of their own; the others stand where they are used.
PARTS: Mapping[str, Schema] = {
    "flag": FLAG,
    "count": COUNT,
    "seconds": schema.SECONDS,
    "server": schema.SERVER,
    "auth": schema.AUTH,
    "key": schema.KEY,
    "issuer": schema.ISSUER,
    "source": schema.SOURCE,
    "resource": declared_schema.RESOURCE,
    "field": declared_schema.FIELD,
    "item_rules": declared_schema.ITEM_RULES,
    "index": declared_schema.INDEX,
    "relation": declared_schema.RELATION,
    "rule": declared_schema.RULE,
    "hook": declared_schema.HOOK,
    "presentations": declared_schema.SHOWN_IN,
    "shown": declared_schema.SHOWN,
    "shown_in_baasix": declared_schema.SHOWN_IN_BAASIX,
    "audit": declared_schema.AUDIT,
    "user": schema.USER,
    "step": STEP,
    "limits": schema.LIMITS,
    "cache": schema.CACHE,
    "telemetry": schema.TELEMETRY,
}
_NAMES = {id(part): name for name, part in PARTS.items()}
_TYPED = frozenset({"integer", "number", "boolean"})


def config_schema() -> dict[str, object]:
    """The JSON Schema of `config.yml`."""
    work = _Work(variables=True)
    top = work.shape(schema.CONFIG, "config")
    return _head("config") | top | {"$defs": work.parts}


def resource_schema() -> dict[str, object]:
    """The JSON Schema of one resource, as in a metadata file. Such a file may say which schema it follows."""
    work = _Work(variables=False)
    top = work.shape(declared_schema.RESOURCE, "resource")
    own = {"$schema": {"type": "string", "description": "Where an editor finds this schema."}}
    return _head("resource") | top | {"properties": own | top["properties"], "$defs": work.parts}


def described(part: Schema = schema.CONFIG, at: str = "config") -> Iterator[str]:
    """The place of every key that a shape knows, once for each."""
    yield from dict.fromkeys(_places(part, at))


def _places(part: Schema, at: str) -> Iterator[str]:
    for key, value in cast("Mapping[str, Schema]", part.get("properties", {})).items():
        yield f"{at}.{key}"
        yield from _places(value, _NAMES.get(id(value), f"{at}.{key}"))
    for nested in (part.get("additionalProperties"), part.get("items")):
        if isinstance(nested, dict):
            yield from _places(nested, _NAMES.get(id(nested), at))


def _head(name: str) -> dict[str, object]:
    return {
        "$schema": DRAFT,
        "$id": f"{HOME}{name}.json",
        "title": f"Dragoman: {name}",
        "description": DESCRIPTIONS[name],
    }


@dataclass
class _Work:
    """Parts that have been met, under their names."""

    variables: bool
    parts: dict[str, object] = field(default_factory=dict)

    def shape(self, part: Schema, at: str) -> dict[str, Any]:
        """A part written out, with its keys described."""
        made = dict(part)
        if "properties" in part:
            properties = cast("Mapping[str, Schema]", part["properties"])
            made["properties"] = {key: self._described(value, f"{at}.{key}") for key, value in properties.items()}
        for word in ("additionalProperties", "items"):
            if isinstance(part.get(word), dict):
                made[word] = self._part(cast("Schema", part[word]), at)
        return made

    def _described(self, part: Schema, at: str) -> dict[str, object]:
        words = DESCRIPTIONS.get(at)
        return ({"description": words} if words else {}) | self._part(part, at)

    def _part(self, part: Schema, at: str) -> dict[str, object]:
        name = _NAMES.get(id(part))
        if name is None:
            return self._or_variable(part, self.shape(part, at))
        if name not in self.parts:
            self.parts[name] = {}  # a part may hold itself
            self.parts[name] = self._or_variable(part, self.shape(part, name))
        return {"$ref": f"#/$defs/{name}"}

    def _or_variable(self, part: Schema, made: dict[str, Any]) -> dict[str, Any]:
        if not self.variables or not _closed(part):
            return made
        self.parts["variable"] = VARIABLE | {"description": DESCRIPTIONS["variable"]}
        return {"anyOf": [made, {"$ref": "#/$defs/variable"}]}


def _closed(part: Schema) -> bool:
    """Whether the schema of a scalar refuses the text `${NAME}`."""
    types = part.get("type")
    kinds = set(types) if isinstance(types, list) else {types}
    if "string" in kinds:
        return "enum" in part or "pattern" in part
    return bool(kinds & _TYPED)
