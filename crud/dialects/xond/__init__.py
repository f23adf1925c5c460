"""Xond: reading and writing under `/json` as Prisma-style front ends ask for it.

In: `/json/:resource` and `/json/:resource/:id`, with JSON lists of conditions in the query string and plain objects as
bodies. Out: always the four keys success, data, pagination, error. Grammar: docs/dialects/xond.md.
`reading` and `writing` are the views, `parsing`, `changes` and `nesting` the parsers, `identity` is `jwtCookie`.
"""

from crud.dialects.xond import reading, writing
from crud.dialects.xond.answers import render_error
from crud.dialects.xond.mounts import API
from crud.dialects.xond.openapi import description
from crud.web.dialect import Dialect

__all__ = ["dialect", "reading", "writing"]

dialect = Dialect("xond", (API,), render_error, description)
