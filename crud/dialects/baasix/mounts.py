"""Where the Baasix dialect hangs its routes: one mount, shared by its reading and its writing."""

from crud.dialect import mount

API = mount("baasix", "/items")
