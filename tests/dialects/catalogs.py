"""Catalogs as plain data, to be compared with everything that is in them."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from flask import Flask


def plain(value: object) -> object:
    """A catalog's value as texts, lists and mappings that can be compared, with everything that is in it."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return [(str(key), plain(each)) for key, each in value.items()]
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def served(app: Flask) -> dict[str, Any]:
    """All that an application serves: resources with everything in them, and their names in each dialect."""
    snapshot = app.extensions["dragoman"].state.held
    names = {d: {r.name: p.name(r) for r in snapshot.catalog} for d, p in snapshot.presentations.items()}
    return {"catalog": [plain(resource) for resource in snapshot.catalog], "names": names}
