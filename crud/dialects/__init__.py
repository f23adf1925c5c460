"""The dialects that are served. A new one is a module beside these and a line here."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from crud.web.dialect import Dialect

NAMES = ("phantom", "xond", "sonicjs", "metal", "baasix")
DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {name: import_module(f"crud.dialects.{name}").dialect for name in NAMES}
)
