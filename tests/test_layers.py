"""What the import contracts of pyproject.toml cannot say: the top-level modules, who makes an `Authorized`, and that no
room was left out of their layers."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.tables import each

ROOT = Path(__file__).resolve().parent.parent
TOP = {"app", "wsgi", "bench", "tests"}
SOURCES = sorted(path for room in ("crud", "sql") for path in (ROOT / room).rglob("*.py"))


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(tree_of(path))


@cache
def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes(path):
        match node:
            case ast.Import(names=aliases):
                found |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.partition(".")[0])
    return found


def called(path: Path) -> set[str]:
    calls = (node.func for node in nodes(path) if isinstance(node, ast.Call))
    return {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in calls}


@each("path", SOURCES, ids=names)
def test_nothing_below_imports_the_top(path: Path) -> None:
    assert not imported(path) & TOP


@each("path", SOURCES, ids=names)
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = tree_of(path)
    assert ast.get_docstring(tree) or not tree.body


DRIVERS = {
    "sqlite3": "sql/sqlite/",
    "psycopg": "sql/postgres/",
    "psycopg_pool": "sql/postgres/",
    "quickjs": "crud/scripting/child.py",
}


@pytest.mark.parametrize(("driver", "room"), DRIVERS.items())
def test_a_driver_is_imported_in_its_own_room_only(driver: str, room: str) -> None:
    users = {names(path) for path in SOURCES if driver in imported(path)}
    assert not [user for user in users if not user.startswith(room)]


def test_only_permissions_makes_an_authorized_query() -> None:
    makers = {names(path) for path in SOURCES if "Authorized" in called(path)}
    assert makers <= {"crud/access/permissions.py", "crud/access/grants.py"}


@cache
def layered() -> set[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [layer for contract in contracts for layer in contract.get("layers", ()) if "." in layer]
    return {module.strip(" ()") for layer in layers for module in layer.split("|")}


@each("path", [path for path in SOURCES if path.name != "__init__.py"], ids=names)
def test_every_room_has_its_layer(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    assert {".".join(parts[:length]) for length in range(2, len(parts) + 1)} & layered()
