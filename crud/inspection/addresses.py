"""Where a database is, as a configuration may say it: without passwords, and from the environment first.

In: the URL of a source and the name of a variable. Out: the URL without secrets, and the value for a configuration.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z0-9+]+://)(?P<user>[^@/?#]*@)?(?P<rest>.*)", re.DOTALL)
_SECRET = frozenset({"password", "sslpassword", "passfile"})
_UNSAYABLE = re.compile(r"[}\n\r\"\\\ue000\ue001]")


def without_secrets(url: str) -> str:
    """A URL without what nobody should read."""
    found = _AUTHORITY.fullmatch(url)
    if found is None or url.startswith("sqlite"):
        return url
    user = (found["user"] or "").rstrip("@").partition(":")[0]
    rest, mark, query = found["rest"].partition("?")
    kept = urlencode(list(_harmless(query)), safe="/:,")
    return f"{found['scheme']}{user}{'@' if user else ''}{rest}{mark if kept else ''}{kept}"


def _harmless(query: str) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in _SECRET)


def from_environment(variable: str, url: str) -> str:
    """`${VARIABLE:-url}` in quotes; without the URL where it cannot be written so."""
    shown = without_secrets(url)
    return f'"${{{variable}}}"' if _UNSAYABLE.search(shown) else f'"${{{variable}:-{shown}}}"'
