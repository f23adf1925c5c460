"""The list of schemas: `search` in names, `sort=collectionName:desc`, and pages where one is asked for.

In: the parameters of a request, and the collections that the caller may read. Out: those that are asked for, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crud.errors import bad_parameter
from crud.wire.params import Reader, whole_number

MOST = 1000
USUAL = 50
SORTS = ("collectionName:asc", "collectionName:desc")


@dataclass(frozen=True)
class Listed:
    """Which collections are asked for. `page` None is all of them."""

    search: str = ""
    descending: bool = False
    page: int | None = None
    limit: int = USUAL

    def of(self, names: Sequence[str]) -> list[str]:
        """Those that are meant, in order."""
        found = [name for name in names if self.search.lower() in name.lower()]
        return sorted(found, reverse=self.descending)

    def cut(self, names: list[str]) -> list[str]:
        """Those of the page."""
        if self.page is None:
            return names
        return names[(self.page - 1) * self.limit : self.page * self.limit]

    def pagination(self, total: int) -> dict[str, object]:
        """What is told of the pages, where one was asked for."""
        if self.page is None:
            return {}
        pages = -(-total // self.limit)
        more, less = self.page < pages, self.page > 1
        told = {
            "currentPage": self.page,
            "totalPages": pages,
            "limit": self.limit,
            "hasNextPage": more,
            "hasPrevPage": less,
            "nextPage": self.page + 1 if more else None,
            "prevPage": self.page - 1 if less else None,
        }
        return {"pagination": told}


def read_listed(reader: Reader) -> Listed:
    """What the parameters ask for. Raises ApiError."""
    search, sort = reader.take("search") or "", reader.take("sort") or SORTS[0]
    page, limit = reader.take("page"), reader.take("limit")
    reader.finish()
    if sort not in SORTS:
        raise bad_parameter("sort", f"expected {' or '.join(SORTS)}")
    if page is None and limit is None:
        return Listed(search, sort == SORTS[1])
    number = whole_number(page or "1", "page", low=1, high=10**9)
    return Listed(search, sort == SORTS[1], number, whole_number(limit or str(USUAL), "limit", low=1, high=MOST))
