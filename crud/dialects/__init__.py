"""The dialects that are served. A new one is a module beside these and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from crud.dialect import Dialect
from crud.dialects.baasix import dialect as baasix
from crud.dialects.metal import dialect as metal
from crud.dialects.phantom import dialect as phantom
from crud.dialects.sonicjs import dialect as sonicjs
from crud.dialects.xond import dialect as xond

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (phantom, xond, sonicjs, metal, baasix)}
)
