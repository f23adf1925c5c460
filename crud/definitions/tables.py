"""What definitions say of how their tables are laid out: the names they had before, and their indexes.

In: the declared resources. Out: problems with positions: names that two things would have.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from crud.definitions.declared import FieldDefinition, ResourceDefinition
from crud.definitions.problems import Problem

Definitions = tuple[ResourceDefinition, ...]


def check_tables(definitions: Definitions, accounts: ResourceDefinition) -> Iterator[Problem]:
    """All that is wrong with former names and names of indexes."""
    for definition in definitions:
        yield from _columns(definition.fields)
    yield from _tables(definitions)
    yield from _indexes(definitions)
    for field in accounts.fields:
        if field.renamed_from is not None:
            yield Problem("the columns of accounts are not renamed", field.place / "renamed_from")


def _columns(fields: Iterable[FieldDefinition]) -> Iterator[Problem]:
    """A name that a column had before belongs to no other now, and to one only."""
    fields = tuple(fields)
    names = {field.name for field in fields}
    former = Counter(field.renamed_from for field in fields)
    for field in fields:
        if field.renamed_from is not None and (field.renamed_from in names or former[field.renamed_from] > 1):
            yield Problem(f"{field.renamed_from!r} is another column's name", field.place / "renamed_from")


def _tables(definitions: Definitions) -> Iterator[Problem]:
    names = {(definition.source, definition.table) for definition in definitions}
    former = Counter((definition.source, definition.renamed_from) for definition in definitions)
    for definition in definitions:
        was = (definition.source, definition.renamed_from)
        if definition.renamed_from is not None and (was in names or former[was] > 1):
            yield Problem(f"{definition.renamed_from!r} is another table's name", definition.place / "renamed_from")


def _indexes(definitions: Definitions) -> Iterator[Problem]:
    """A database has one index of a name."""
    taken = Counter((definition.source, index.name) for definition in definitions for index in definition.indexes)
    for definition in definitions:
        for index in definition.indexes:
            if index.name and taken[definition.source, index.name] > 1:
                yield Problem(f"there are several indexes of the name {index.name!r}", index.place / "name")
