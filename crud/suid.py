"""Short ids: random letters and digits that need no escaping in a URL.

In: how long one may be. Out: a text of at most 22 characters, which has as many bits as a uuid.
"""

import secrets
import string

LETTERS = string.ascii_letters + string.digits
LENGTH = 22


def short_id(most: object = None) -> str:
    """A new one."""
    return "".join(secrets.choice(LETTERS) for _ in range(min(LENGTH, most) if isinstance(most, int) else LENGTH))
