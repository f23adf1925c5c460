"""Metal: whole tables under `/schema`, read and written, and what it says of the user, the server and the cache.

In: `/schema/:schema/:entity` with a filter, an expression, fields and an order, in the query string of a GET and in
the body of everything else. Out: tables of rows; nothing but a status where something was written.
Grammar: docs/dialects/metal.md; views are in `reading`, `writing`, `users`, `server` and `cache`, parsers in
`parsing` and `bodies`.
"""

from crud.dialects.metal import cache, reading, server, users, writing
from crud.dialects.metal.mounts import MOUNTS
from crud.dialects.metal.openapi import description
from crud.dialects.metal.rendering import render_error
from crud.web.dialect import Dialect

__all__ = ["cache", "dialect", "reading", "server", "users", "writing"]

dialect = Dialect("metal", MOUNTS, render_error, description)
