"""How a row is marked deleted, and how the mark is taken away.

In: a resource that deletes softly, and the time. Out: the column of the mark and its value.
"""

from datetime import datetime

from crud.writing.generated import moment
from sql.catalog import Resource, SoftDelete


def deleted(resource: Resource, now: datetime) -> tuple[str, object]:
    """The mark of a row that is deleted now."""
    mark = _mark(resource)
    value = moment(resource.column(mark.column), now) if mark.deleted is None else mark.deleted
    return mark.column, value


def restored(resource: Resource) -> tuple[str, object]:
    """The mark of a row that is alive."""
    mark = _mark(resource)
    return mark.column, mark.active


def _mark(resource: Resource) -> SoftDelete:
    assert resource.soft_delete is not None
    return resource.soft_delete
