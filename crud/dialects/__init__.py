"""The dialects that are served. A new one is a module beside these and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from crud.dialect import Dialect
from crud.dialects import baasix, metal, phantom, sonicjs, xond

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {each.name: each for each in (phantom.dialect, xond.dialect, sonicjs.dialect, metal.dialect, baasix.dialect)}
)
