"""How names are made of names: relations out of foreign keys, a dialect's customary forms out of table names.

In: names as they stand in the database. Out: names derived alike for all. Pure text; no catalog, no configuration.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import inflection

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_CAMEL = re.compile(r"[a-z][A-Za-z0-9]*\Z")
_KEY_ENDING = re.compile(r"(?<=.)(?:_id|_Id|_ID|(?<=[a-z0-9])Id|(?<=[a-z0-9])ID)\Z")


def plain(name: str) -> bool:
    """Whether a name is made of ASCII letters, digits and underscores alone, and can change its case."""
    return bool(_PLAIN.match(name)) and not name.endswith("_")


@lru_cache(maxsize=10_000)
def underscored(name: str) -> str:
    """`SupportRep` → `support_rep`; a name with other characters stays."""
    return inflection.underscore(name) if plain(name) else name


@lru_cache(maxsize=10_000)  # inflection tries a hundred expressions on each word, and each name is asked for again
def singular(name: str) -> str:
    """The last word of the name in the singular."""
    return inflection.singularize(name) if plain(name) else name


@lru_cache(maxsize=10_000)
def plural(name: str) -> str:
    """The last word of the name in the plural."""
    return inflection.pluralize(inflection.singularize(name)) if plain(name) else name


@lru_cache(maxsize=10_000)
def camel(name: str) -> str:
    """`first_name` and `FirstName` → `firstName`; a name with other characters, or camel already, stays."""
    if not plain(name) or _CAMEL.match(name):
        return name
    return inflection.camelize(inflection.underscore(name), uppercase_first_letter=False)


@lru_cache(maxsize=10_000)
def pascal_singular(name: str) -> str:
    """Phantom's customary form: `order_items` → `OrderItem`."""
    return inflection.camelize(singular(underscored(name))) if plain(name) else name


def camel_singular(name: str) -> str:
    """Xond's customary form: `order_items` → `orderItem`."""
    return camel(singular(underscored(name)))


def restyled(names: Iterable[str], style: Callable[[str], str]) -> dict[str, str]:
    """name → restyled name; where two names would meet in one, both stay."""
    wanted = {name: style(name) for name in names}
    met = Counter(wanted.values())
    return {name: new if met[new] == 1 else name for name, new in wanted.items()}


def to_one_name(columns: Iterable[str], target: str) -> str:
    """The name of a to-one relation: the foreign key's column without its ending, or with the target's singular."""
    column = "_".join(columns)
    bare = _KEY_ENDING.sub("", column)
    if bare != column:
        return underscored(bare)
    return f"{underscored(column)}_{singular(underscored(target))}"


def to_many_name(child: str) -> str:
    """The name of a to-many relation: the child table (or the far table behind a junction), in the plural."""
    return plural(underscored(child))


def by(name: str, to_one: str) -> str:
    """The name where several foreign keys lead from one child: `…_by_<to-one name>`."""
    return f"{name}_by_{to_one}"


def distinct(name: str, taken: Iterable[str] | Mapping[str, object]) -> str:
    """The name, or `…_rel` where a column (or another relation) has it already."""
    used = set(taken)
    while name in used:
        name += "_rel"
    return name
