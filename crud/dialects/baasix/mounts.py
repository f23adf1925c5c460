"""Where the Baasix dialect hangs its routes: items, permissions, and the doors."""

from crud.dialects.baasix.refusals import render_door_error
from crud.web.dialect import mount

API = mount("baasix", "/items", cookie="token")
RULES = mount("baasix", "/permissions", cookie="token")
AUTH = mount("baasix", "/auth", cookie="token", render_error=render_door_error, door=True)
