"""Phantom: `/api/:resource` with `where`, `sort`, `select`, `populate`, its writes and batches, and `/auth`.

In: paths, parameters and bodies of that dialect (`reading`, `writing`, `batches`, `signing`, `reserved` hang up the
routes). Out: `{"success": true, "data": …}`, or `{"success": false, "error": …}`. Source: seed document of Phantom.
"""

from crud.dialects.phantom import batches, reading, reserved, signing, writing
from crud.dialects.phantom.mounts import API, AUTH, CSRF
from crud.dialects.phantom.openapi import description
from crud.dialects.phantom.refusals import render_error
from crud.web.dialect import Dialect

__all__ = ["batches", "dialect", "reading", "reserved", "signing", "writing"]

dialect = Dialect("phantom", (API, AUTH, CSRF), render_error, description)
