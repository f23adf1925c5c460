"""Reading a configuration, and being told all that is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crud.definitions.config import Config
from crud.definitions.document import parse_document, typed
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.reading import check_config, config_for_database, config_of, read_config
from crud.definitions.schema import CONFIG
from crud.definitions.settings import Limits
from crud.definitions.sources import source_url
from tests.tables import each

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


def read(text: str, **environment: str) -> tuple[Config | None, list[str]]:
    """The configuration of a text, and what is wrong with it."""
    config, problems = config_of(parse_document(text, environment))
    return config, [str(problem) for problem in problems]


def good(text: str, **environment: str) -> Config:
    config, problems = read(text, **environment)
    assert config is not None and not problems, problems
    return config


def test_an_empty_file_is_a_configuration() -> None:
    config = good("")
    assert (config.server.port, list(config.schemas), list(config.sources)) == (3000, ["main"], ["default"])
    assert config.schemas["main"].everything and config.limits == Limits()


@pytest.mark.parametrize(
    ("written", "environment", "port"),
    [
        ("${PORT:-3000}", {}, 3000),
        ("${PORT:-3000}", {"PORT": "81"}, 81),
        ("${PORT:-3000}", {"PORT": ""}, 3000),
        ('"${PORT:-3000}"', {}, 3000),
        ("${PORT}", {"PORT": "81"}, 81),
    ],
)
def test_the_environment_is_filled_in_and_typed(written: str, environment: dict[str, str], port: int) -> None:
    assert good(f"server: {{port: {written}}}", **environment).server.port == port


def test_a_value_from_the_environment_stays_a_text_where_a_text_is_wanted() -> None:
    assert good("auth: {secret: ${SECRET}}", SECRET="1" * 40).auth.secret == "1" * 40


def test_a_value_from_the_environment_never_becomes_structure() -> None:
    config = good("server: {name: ${NAME}}", NAME="x}\nusers: {eve: {password: p}}")
    assert config.users == {} and config.server.name.startswith("x}")


def test_a_missing_variable_is_told() -> None:
    assert read("server:\n  name: ${NAME}")[1] == [
        "config.yml:2: server.name: the environment variable NAME is not set and has no default"
    ]


def test_a_comment_needs_no_variable() -> None:
    assert good("# ${NAME}\nserver: {port: 1}").server.port == 1


@each(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("012", "012"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.5", 1.5),
        ("0.3.1", "0.3.1"),
        (".inf", ".inf"),
    ],
)
def test_plain_scalars_are_typed_as_json_would(text: str, value: object) -> None:
    assert typed(text) == value and type(typed(text)) is type(value)


YAML_MISTAKES = [
    ("a: &x 1\nb: {c: &y {}, d: *y}", "anchors and aliases"),
    ("server: {port: 1}\nserver: {port: 2}", "config.yml:2: server: this key is given twice"),
    ("a: !!python/object/apply:os.system [x]", "tags"),
    ("a: !x 1", "tags"),
    ("a: [1", "not valid YAML"),
    ("a: b: c", "config.yml:1: not valid YAML"),
    ("? [a]\n: 1", "a key must be a text"),
    ("a: " + "[" * 60 + "]" * 60, "is nested deeper"),
]


@each(("text", "message"), YAML_MISTAKES)
def test_yaml_is_read_strictly(text: str, message: str) -> None:
    assert any(message in problem for problem in read(text)[1]), read(text)[1]


SHAPE_MISTAKES = [
    ("sever: {}", "config.yml:1: sever: unknown key; allowed: version, server, auth"),
    ("server: {port: high}", "config.yml:1: server.port: must be an integer, not 'high'"),
    ("server: {port: 70000}", "must be at most 65535"),
    ("server: 3", "server: must be a mapping, not 3"),
    ("auth: {registration: maybe}", "'maybe' is not allowed; allowed: open, closed"),
    ("roles: {x: rz}", "must be distinct letters; allowed: c, r, u, d, a, l"),
    ("roles: {x: rr}", "must be distinct letters"),
    ("users: {x: {}}", "users.x: lacks the key password"),
    ("sources: {x: {provider: mysql}}", "allowed: sqlite, postgres"),
    ("sources: {default: {provider: sqlite}}", "lacks its database; allowed: url, database"),
    ("dialects: {soap: {}}", "unknown key; allowed: phantom, xond, sonicjs, metal, baasix"),
    ("dialects: {xond: {mounts: {/json: json}}}", "must be a path like /api"),
    ("limits: {filter_depth: 0}", "must be at least 1"),
    ("limits: {statement_seconds: 0}", "must be more than 0"),
    ("rules: [{role: x}]", "rules.0: lacks the key actions"),
    ("rules: [{role: x, actions: [fly]}]", "'fly' is not allowed; allowed: read, create, update, delete, list, *"),
    ("schemas: {main: {entities: {a: {fields: {b: {type: blob}}}}}}", "'blob' is not allowed; allowed: integer"),
    ("server: {evolve: maybe}", "'maybe' is not allowed; allowed: safe, all, nothing"),
    ("schemas: {main: {anonymise: x}}", "schemas.main.anonymise: unknown key"),
]

MEANING_MISTAKES = [
    ("server: {default_schema: x}\nschemas: {main: {}}", "there is no schema 'x'; allowed: main"),
    ("server: {system: x}", "server.system: there is no source 'x'; allowed: default"),
    ("schemas: {main: {source: x}}", "schemas.main.source: there is no source 'x'; allowed: default"),
    ("auth: {secret: short}", "auth.secret: has 5 bytes"),
    ("users: {x: {password: p, roles: [flyer]}}", "there is no role 'flyer'; allowed: admin, anon, user"),
    ("schemas: {main: {roles: [flyer]}}", "there is no role 'flyer'"),
    ("accounts: {fields: {a: {type: date, renamed_from: b}}}", "the columns of accounts are not renamed"),
    ("metadata: nowhere", "'nowhere' is not a directory"),
]

ENTITY_MISTAKES = [
    ("a: {}, b: {aliases: [a]}", "the name 'a' of main.b is also that of main.a (config.yml:1)"),
    ("a: {aliases: [x]}, b: {dialects: {xond: {name: x}}}", "the name 'x' of main.b is also that of main.a"),
    ("user: {}", "'user' is a reserved word of sonicjs"),
    ("a: {dialects: {phantom: {name: batch}}}", "'batch' is a reserved word of phantom"),
    ("a: {source: x}", "there is no source 'x'"),
    ("a: {soft_delete: {column: s, active: 1}}", "'deleted' is a dependency of 'active'"),
    ("a: {fields: {b: {type: enum}}}", "an enum lacks its values"),
    ("a: {fields: {b: {type: enum, values: [x], default: y}}}", "'y' is not allowed; allowed: x"),
    ("a: {fields: {b: {type: decimal, precision: 2, scale: 3}}}", "a scale needs a precision"),
    ("a: {fields: {b: {references: nope}}}", "there is no resource 'nope'; allowed: a"),
    ("a: {relations: {b: {target: nope}}}", "there is no resource 'nope'"),
    ("a: {indexes: [{name: x}]}", "indexes.0: lacks the key fields"),
    (
        "a: {indexes: [{name: x, fields: [b]}], fields: {b: {type: date}}}, c: {indexes: [{name: x, fields: [d]}]}",
        "'x'",
    ),
    ("a: {fields: {b: {type: date}, c: {type: date, renamed_from: b}}}", "'b' is another column's name"),
    ("a: {}, b: {renamed_from: a}", "'a' is another table's name"),
    ("a: {renamed_from: c}, b: {renamed_from: c}", "'c' is another table's name"),
    ("a: {relations: {b: {}}}", "needs either target or rename"),
    ("a: {fields: {c: {type: relation}}}", "a relation lacks its target"),
    ("a: {stamps: [created_at], fields: {created_at: {type: date}, c: {type: relation, target: a}, cId: {}}}", "twice"),
]


@each(("text", "message"), SHAPE_MISTAKES + MEANING_MISTAKES)
def test_a_mistake_is_told_with_what_is_allowed(text: str, message: str) -> None:
    assert any(message in problem for problem in read(text)[1]), read(text)[1]


@each(("entities", "message"), ENTITY_MISTAKES)
def test_a_mistake_in_an_entity_is_told(entities: str, message: str) -> None:
    problems = read(f"schemas: {{main: {{entities: {{{entities}}}}}}}")[1]
    assert any(message in problem for problem in problems), problems


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("sever: {}\nserver:\n  prt: 1\n  port: x\nroles: 3\n", encoding="utf-8")
    problems = [str(problem).removeprefix(f"{file}:").split(":")[0] for problem in check_config(file, {})]
    assert problems == ["1", "3", "4", "5"]
    with pytest.raises(ConfigError, match="unknown key"):
        read_config(file, {})


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read"), (b"\xff", "not UTF-8"), (b"#" * 1_000_001, "larger than")]
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "config.yml"
    if content is not None:
        file.write_bytes(content)
    assert [message in str(problem) for problem in check_config(file, {})] == [True]


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ({"url": "postgresql://h/d"}, "postgresql://h/d"),
        ({"provider": "sqlite", "database": "sqlite:////abs.db"}, "sqlite:////abs.db"),
        ({"provider": "sqlite", "database": "var/x.db"}, "sqlite:///var/x.db"),
        ({"provider": "sqlite", "database": "/var/x.db"}, "sqlite:////var/x.db"),
        ({"provider": "sqlite", "database": "postgresql://h/d"}, "postgresql://h/d"),
        (
            {"provider": "postgres", "host": "h", "port": 1, "user": "u@x", "password": "p:/", "database": "d"},
            "postgresql://u%40x:p%3A%2F@h:1/d",
        ),
        ({"provider": "postgres", "database": "d"}, "postgresql://localhost:5432/d"),
    ],
)
def test_a_source_is_a_url_or_metals_parts(source: Mapping[str, Any], url: str) -> None:
    assert source_url(source) == url


def test_metadata_files_declare_resources(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "Post.json").write_text(
        '{"fields": {"title": {"type": "string", "required": true}, "author": {"type": "relation", "target": "User"}},'
        ' "permissions": {"read": ["anon"], "create": ["user", "administrator"]}}',
        encoding="utf-8",
    )
    (tmp_path / "config.yml").write_text("metadata: meta\n", encoding="utf-8")
    (post,) = read_config(tmp_path / "config.yml", {}).schemas["main"].entities
    fields = {field.name: field for field in post.fields}
    assert list(fields) == ["id", "title", "authorId", "created_at", "updated_at"]
    author = fields["authorId"]
    assert (author.references, author.relation, author.on_delete) == ("User", "author", "set null")
    assert [(rule.role, rule.actions) for rule in post.rules] == [
        ("anon", ("read",)),
        ("user", ("create",)),
        ("admin", ("create",)),
    ]
    assert post.key == ("id",)


def test_former_names_and_indexes_are_read() -> None:
    fields = "title: {type: string, renamed_from: heading}, writer: {type: relation, target: a, renamed_from: author}"
    (entity,) = (
        good(
            f"schemas: {{main: {{entities: {{a: {{renamed_from: b, fields: {{{fields}}},"
            " indexes: [{fields: [title], unique: true}]}}}}"
        )
        .schemas["main"]
        .entities
    )
    assert [field.renamed_from for field in entity.fields] == ["heading", "authorId"]
    assert entity.renamed_from == "b"
    assert [(i.name, i.fields, i.unique) for i in entity.indexes] == [("", ("title",), True)]


def test_a_mistake_in_a_metadata_file_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "Post.json").write_text('{"fields":\n {"a": {"type": "blob"}}}', encoding="utf-8")
    (tmp_path / "config.yml").write_text("metadata: .\n", encoding="utf-8")
    (problem,) = check_config(tmp_path / "config.yml", {})
    assert str(problem).startswith(f"{tmp_path / 'Post.json'}:2: fields.a.type: 'blob' is not allowed")


def test_a_database_alone_is_served_whole() -> None:
    config = config_for_database("sqlite:///x.db", {"PORT": "81", "PROXY_HOPS": "1"})
    assert (config.server.port, config.server.proxy_hops, config.rules, config.roles) == (81, 1, (), {})
    assert config.schemas["main"].everything


def test_a_variable_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret of Docker, as it comes with a line's end\n")
    (tmp_path / "config.yml").write_text("auth: {secret: '${SECRET:-short}'}")
    named = {"SECRET_FILE": str(tmp_path / "secret"), "DRAGOMAN_SECRET_FILE": str(tmp_path / "secret")}
    for config in (read_config(tmp_path / "config.yml", named), config_for_database("sqlite:///x.db", named)):
        assert config.auth.secret == "a secret of Docker, as it comes with a line's end"
    assert read_config(tmp_path / "config.yml", {**named, "SECRET": "x" * 40}).auth.secret == "x" * 40
    (problem,) = check_config(tmp_path / "config.yml", {"SECRET_FILE": str(tmp_path / "nothing")})
    assert str(problem).endswith("the file that the environment variable SECRET_FILE names cannot be read")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DRAGOMAN_SECRET_FILE": "/nowhere"}, "DRAGOMAN_SECRET_FILE names cannot be read"),
        ({"PORT": "x"}, "PORT must be"),
        ({"PROXY_HOPS": "11"}, "PROXY_HOPS must be a number up to 10"),
        ({"DRAGOMAN_SECRET": "short"}, "has 5 bytes"),
    ],
)
def test_a_bad_environment_is_told(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_for_database("sqlite:///x.db", environment)


def test_roles_are_canonical() -> None:
    config = good("users: {x: {password: 1, roles: [administrator]}}\nroles: {public: r}")
    assert (config.users["x"].roles, config.users["x"].password, list(config.roles)) == (("admin",), "1", ["anon"])


def test_secrets_do_not_show() -> None:
    secret = "s" * 40
    text = f"auth: {{secret: {secret}}}\nusers: {{x: {{password: {secret}}}}}\nsources: {{default: {{url: 'x://{secret}'}}}}"
    assert secret not in repr(good(text))


def test_a_problem_without_a_place_is_a_sentence() -> None:
    assert str(Problem("is wrong")) == "is wrong"


def keys_of(schema: Mapping[str, Any]) -> Iterator[str]:
    """Every key that a schema knows."""
    for name, part in schema.get("properties", {}).items():
        yield name
        yield from keys_of(part)
    for nested in (schema.get("additionalProperties"), schema.get("items")):
        if isinstance(nested, Mapping):
            yield from keys_of(nested)


@each("key", sorted(set(keys_of(CONFIG))))
def test_every_key_is_documented(key: str) -> None:
    assert re.search(rf"`{re.escape(key)}`|\b{re.escape(key)}:", DOCS.read_text(encoding="utf-8"))
