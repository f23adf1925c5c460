"""What a request is called: an id of its caller's or of ours, and its place in a trace (W3C Trace Context).

In: the headers `X-Request-Id` and `traceparent`, as anybody may have written them. Out: an id that can stand in a log
and in an answer; a `Trace`, or None where the header is none. Nothing else of either header goes any further.
"""

import re
import secrets
from dataclasses import dataclass

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# version, trace, parent, flags; of later versions more may follow (W3C Trace Context, 3.2.2 and 4.3)
_PARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?")
_MOST = 256


@dataclass(frozen=True)
class Trace:
    """Where a request stands in a trace: `parent` has sent it, `span` is what we call our part."""

    id: str
    parent: str
    span: str
    flags: str

    @property
    def header(self) -> str:
        """`traceparent` for whoever continues the trace from here."""
        return f"00-{self.id}-{self.span}-{self.flags}"


def request_id(given: str | None) -> str:
    """The id that a request came with, where it is one; else a new one."""
    return given if given and _ID.fullmatch(given) else secrets.token_hex(16)


def trace(header: str | None) -> Trace | None:
    """The trace that a request belongs to."""
    found = _PARENT.fullmatch(header) if header and len(header) <= _MOST else None
    if found is None or (found[1] == "00" and found[5]):
        return None
    return Trace(found[2], found[3], secrets.token_hex(8), f"{int(found[4], 16) & 1:02x}")
