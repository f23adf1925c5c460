"""SonicJS: `/v1/:table` in its first generation's shapes (bare rows), `/api/v1/:table` in its second's (wrapped).

In: paths, parameters and bodies of that dialect (`reading`, `writing`, `users`, `signing`, `reserved` hang up the
routes). Out: rows, or
`{"message": …}`. Source: seed document of SonicJS.
"""

from crud.dialects.sonicjs import reading, reserved, signing, users, writing
from crud.dialects.sonicjs.mounts import API_V1, V1
from crud.dialects.sonicjs.openapi import description
from crud.dialects.sonicjs.refusals import render_error
from crud.web.dialect import Dialect

__all__ = ["dialect", "reading", "reserved", "signing", "users", "writing"]

dialect = Dialect("sonicjs", (V1, API_V1), render_error, description)
