"""The published JSON Schemas: what is generated, complete, and true of the sample and of every example in the docs."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from crud.cli.config import config_commands
from crud.definitions.declared_schema import RESOURCE
from crud.definitions.descriptions import DESCRIPTIONS
from crud.definitions.document import parse_document
from crud.definitions.published import config_schema, described, resource_schema
from crud.definitions.reading import read_config
from crud.definitions.schema import CONFIG

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGURATION = Draft202012Validator(config_schema())
DEFINITION = Draft202012Validator(resource_schema())


class AsWritten(dict[str, str]):
    """An environment in which `${NAME}` stays what it is, as an editor reads it."""

    def get(self, name: str, default: object = None) -> Any:
        return f"${{{name}}}"


def data_of(text: str) -> Any:
    """A YAML text as an editor reads it."""
    document = parse_document(text, AsWritten())
    assert not document.problems, [str(problem) for problem in document.problems]
    return document.data


def wrong(validator: Draft202012Validator, data: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(data)]


def test_every_key_has_a_description() -> None:
    places = {*described()}
    lacking = [place for place in described() if place not in DESCRIPTIONS]
    assert not lacking, f"crud/definitions/descriptions.py says nothing of {lacking}"
    assert {*DESCRIPTIONS} - places == {"config", "resource", "variable"}


@pytest.mark.parametrize(("name", "options"), [("config", []), ("resource", ["--resource"])])
def test_what_is_published_is_what_the_command_prints(name: str, options: list[str]) -> None:
    printed = CliRunner().invoke(config_commands, ["schema", *options]).output
    published = (ROOT / "docs" / "schema" / f"{name}.json").read_text(encoding="utf-8")
    assert published == printed, f"flask config schema {' '.join(options)} > docs/schema/{name}.json"
    Draft202012Validator.check_schema(json.loads(published))


@pytest.mark.parametrize("file", ["config.yml", "bench/config.yml"])
def test_our_own_configurations_fit_and_say_where_their_schema_is(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert wrong(CONFIGURATION, data_of(text)) == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named and ((ROOT / file).parent / named[1]).resolve() == ROOT / "docs" / "schema" / "config.json"


def examples(word: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(rf"^```{word}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        yield from ((f"{page.name}-{number}", block) for number, block in enumerate(blocks))


@pytest.mark.parametrize("block", [pytest.param(block, id=name) for name, block in examples("yaml")])
def test_every_configuration_in_the_docs_fits(block: str) -> None:
    data = data_of(block)
    if data.keys() <= known(CONFIG):
        assert wrong(CONFIGURATION, data) == []
    for name, definition in data.items() if not data.keys() <= known(CONFIG) else ():
        assert wrong(DEFINITION, definition) == [], name


def test_every_metadata_file_in_the_docs_fits() -> None:
    for name, block in examples("json"):
        data = parse_document(block, {}).data
        if isinstance(data, dict) and data.get("fields") and data.keys() <= {*known(RESOURCE), "$schema"}:
            assert wrong(DEFINITION, data) == [], name


def known(schema: Mapping[str, Any]) -> set[str]:
    return {*schema["properties"]}


@pytest.mark.parametrize(
    "text",
    [
        "server: {port: ${PORT}}",
        "server: {port: 80, watch: ${WATCH:-true}}",
        "auth: {registration: ${OPEN:-closed}, limits: {sign_in: ${RATE}}}",
        "sources: {default: {url: ${URL}, options: {pool_size: ${POOL:-10}}}}",
        "schemas: {main: {entities: {a: {read_only: ${CLOSED}, audit: ${AUDIT}}}}}",
    ],
)
def test_a_value_may_come_from_the_environment(text: str) -> None:
    assert wrong(CONFIGURATION, data_of(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "sever: {}",
        "server: {port: high}",
        "auth: {registration: maybe}",
        "schemas: {main: {entities: {a: {fields: {b: {type: blob}}}}}}",
        "schemas: {main: {entities: {a: {fields: {b: {type: string, key: perhaps}}}}}}",
        "limits: {filter_depth: 0}",
    ],
)
def test_a_mistake_is_marked(text: str) -> None:
    assert len(wrong(CONFIGURATION, data_of(text))) == 1


def test_a_metadata_file_may_name_its_schema(tmp_path: Path) -> None:
    written = {"$schema": "../docs/schema/resource.json", "fields": {"title": {"type": "string"}}}
    assert wrong(DEFINITION, written) == []
    (tmp_path / "Post.json").write_text(json.dumps(written), encoding="utf-8")
    (tmp_path / "config.yml").write_text("metadata: .\n", encoding="utf-8")
    assert [entity.entity for entity in read_config(tmp_path / "config.yml", {}).schemas["main"].entities] == ["Post"]
