"""Keys: what tells answers apart.

In: authorised queries, values, words. Out: a digest of them in which 1, True, 1.0 and "1" are four things. What cannot
be written down for certain raises `Unwritten`: then there is no key.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from hashlib import sha512
from pathlib import Path
from uuid import UUID

from sql.expressions import Origin

FORMAT = "1"
_PLAIN = (str, int, float, Decimal, bytes, date, time, timedelta, UUID)


class Unwritten(Exception):
    """A value that has no certain text."""


def _boot() -> str:
    """Which run of the host this is: files that were not on the disk yet when it stopped may have come back old."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


BOOT = _boot()


def digest(*parts: object) -> str:
    """The key of what these parts decide over, as Metal shows it: 128 hexadecimal digits."""
    return sha512("\n".join((FORMAT, BOOT, *map(written, parts))).encode("utf-8", "surrogatepass")).hexdigest()


def named(*words: str) -> str:
    """A short id of what these words name."""
    return sha512(repr(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def written(value: object) -> str:
    """The text of a value, a tree or a list, with the types of all that is in it. Raises Unwritten."""
    kind = type(value).__name__
    match value:
        case None:
            return "-"
        case Origin():
            return "."
        case tuple() | list():
            return f"{kind}[{','.join(map(written, value))}]"
        case set() | frozenset():
            return f"set[{','.join(sorted(map(written, value)))}]"
        case Mapping():
            return f"map[{','.join(f'{written(key)}={written(held)}' for key, held in value.items())}]"
        case _ if isinstance(value, _PLAIN):
            return f"{kind}:{value!r}"
        case _ if is_dataclass(value):
            return f"{kind}({','.join(written(getattr(value, field.name)) for field in fields(value))})"
    raise Unwritten(kind)
