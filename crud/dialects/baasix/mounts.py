"""Where the Baasix dialect hangs its routes: items, permissions, schemas, and the doors."""

from crud.dialects.baasix.refusals import render_door_error
from crud.dialects.baasix.schemas.refusals import render_error
from crud.web.dialect import mount

API = mount("baasix", "/items", cookie="token")
RULES = mount("baasix", "/permissions", cookie="token")
SCHEMAS = mount("baasix", "/schemas", cookie="token", render_error=render_error)
AUTH = mount("baasix", "/auth", cookie="token", render_error=render_door_error, door=True)
