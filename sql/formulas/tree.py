"""What a formula says, as a tree: names, literals, operators, calls, cases.

In: nothing; the parser makes these. Out: frozen nodes, and the names of the columns that one speaks of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Name:
    """A column."""

    name: str


@dataclass(frozen=True)
class Number:
    """A number as it was written: its decimals count."""

    value: Decimal


@dataclass(frozen=True)
class Text:
    """A text literal."""

    value: str


@dataclass(frozen=True)
class Truth:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True)
class Unary:
    """`-` or NOT before an expression."""

    op: str
    operand: "Node"


@dataclass(frozen=True)
class Binary:
    """Two expressions with a sign between them: arithmetic, a comparison, AND, OR."""

    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Joined:
    """Texts one after another (`||`): NULL where one of them is."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class IsNull:
    """IS NULL, or IS NOT NULL."""

    operand: "Node"
    negated: bool


@dataclass(frozen=True)
class Case:
    """CASE WHEN … THEN … ELSE … END."""

    whens: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node | None"


@dataclass(frozen=True)
class Cast:
    """CAST(… AS text), or AS number."""

    operand: "Node"
    target: str


@dataclass(frozen=True)
class Call:
    """A function, its name in capitals."""

    name: str
    arguments: tuple["Node", ...]


Node = Name | Number | Text | Truth | Unary | Binary | Joined | IsNull | Case | Cast | Call


def parts(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    match node:
        case Unary(operand=operand) | IsNull(operand=operand) | Cast(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Joined(parts=inner) | Call(arguments=inner):
            return inner
        case Case(whens=whens, otherwise=otherwise):
            listed = tuple(each for pair in whens for each in pair)
            return listed if otherwise is None else (*listed, otherwise)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for part in parts(node):
        yield from walk(part)
