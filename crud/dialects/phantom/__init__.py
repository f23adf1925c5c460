"""Phantom: `/api/:resource` with `where`, `sort`, `select`, `populate`, its writes and batches, and `POST /auth/login`.

In: paths, parameters and bodies of that dialect (`reading`, `writing`, `batches`, `reserved` hang up the routes).
Out: `{"success": true, "data": …}`, or `{"success": false, "error": …}`. Source: seed document of Phantom.
"""

from crud.dialect import Dialect
from crud.dialects.phantom import batches, reading, reserved, writing
from crud.dialects.phantom.mounts import API, AUTH
from crud.dialects.phantom.refusals import render_error

__all__ = ["batches", "dialect", "reading", "reserved", "writing"]

dialect = Dialect("phantom", (API, AUTH), render_error)
