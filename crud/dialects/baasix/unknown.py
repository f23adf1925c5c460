"""What Baasix does with members of a body that mean nothing here: it passes them over, except in rules.

In: a resource. Out: whether unknown members are dropped. A rule without the condition that somebody misspelt would
give more than was meant.
"""

from crud.system import PERMISSIONS
from sql.catalog import Resource


def dropped(resource: Resource) -> bool:
    """Whether what is unknown in a row of this resource is passed over; else it is refused."""
    return resource.name != PERMISSIONS
