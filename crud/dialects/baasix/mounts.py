"""Where the Baasix dialect hangs its routes: items and permissions."""

from crud.dialect import mount

API = mount("baasix", "/items")
RULES = mount("baasix", "/permissions")
