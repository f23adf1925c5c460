"""A formula's tree → SQL, with the kind of its value: what does not go together is refused here.

In: a tree, a spelling, and how a name is printed (a column, or the formula behind it). Out: a `Part`, or BadFormula.
Nothing that is printed can fail in a row, and all of it is immutable: so PostgreSQL takes it for a generated column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sql.errors import BadFormula
from sql.formulas import numbers
from sql.formulas.kinds import BOOLEAN, TEXT, Counted, Exact, Floating, Part, Plain, Real, named, units
from sql.formulas.spelling import Spelling
from sql.formulas.tree import Binary, Call, Case, Cast, IsNull, Joined, Name, Node, Number, Text, Truth, Unary, walk

MAX_SQL = 50_000
MAX_PLACES = 15
LONGEST = 10**9
_COMPARED = frozenset({"=", "<>", "<", "<=", ">", ">="})


@dataclass(frozen=True)
class Printer:
    """What a formula is printed with."""

    spell: Spelling
    column: Callable[[str], Part]

    def part(self, node: Node) -> Part:
        """The expression in SQL. Raises BadFormula."""
        made = self._part(node)
        if len(made.sql) > MAX_SQL:
            raise BadFormula("is too long: numbers whose size is not known are checked again and again")
        return made

    def _part(self, node: Node) -> Part:
        idle(node)
        match node:
            case Name(name=name):
                return self.column(name)
            case Number(value=value):
                scale, count = units(value)
                return Part(self.spell.number(count), Exact(scale, count, count))
            case Text(value=value):
                return Part(self.spell.literal(value), TEXT)
            case Truth(value=value):
                return Part("TRUE" if value else "FALSE", BOOLEAN)
            case Unary(op="NOT", operand=operand):
                return Part(f"(NOT {self.truth(operand)})", BOOLEAN)
            case Unary(operand=operand):
                return self._negative(self.part(operand))
            case Binary(op="AND" | "OR" as op, left=left, right=right):
                return Part(f"({self.truth(left)} {op} {self.truth(right)})", BOOLEAN)
            case Binary(op=op, left=left, right=right) if op in _COMPARED:
                one, other = self.alike([self.part(left), self.part(right)])
                return Part(f"({one.sql} {op} {other.sql})", BOOLEAN)
            case Binary(op=op, left=left, right=right):
                return self._computed(op, self.part(left), self.part(right))
            case Joined(parts=parts):
                return Part("(" + " || ".join(self.text(part) for part in parts) + ")", TEXT)
            case IsNull(operand=operand, negated=negated):
                return Part(f"({self.part(operand).sql} IS {'NOT ' if negated else ''}NULL)", BOOLEAN)
            case Case():
                return self._case(node)
            case Cast(operand=operand, target=target):
                return self._cast(self.part(operand), target)
            case Call(name=name, arguments=arguments):
                return self._call(name, arguments)

    # ------------------------------------------------------------ kinds

    def truth(self, node: Node) -> str:
        """A condition."""
        return self._plain(self.part(node), "boolean", "a condition")

    def text(self, node: Node) -> str:
        """Something that has one text: anything but a floating number."""
        return self.written(self.part(node))

    def written(self, part: Part) -> str:
        """The text of a value. Raises BadFormula."""
        match part.kind:
            case Plain(name="text"):
                return part.sql
            case Plain(name="uuid"):
                return self.spell.uuid(part.sql)
            case Plain():
                return f"(CASE WHEN {part.sql} THEN 'true' WHEN NOT {part.sql} THEN 'false' END)"
            case Exact() as kind:
                held = part.counted(kind)
                return self.spell.written(numbers.within(held).sql if kind.scale else held.sql, kind.scale)
        raise BadFormula("makes a text of a floating number, which databases write differently: use a decimal")

    def alike(self, parts: Sequence[Part]) -> list[Part]:
        """The values in one kind. Raises BadFormula."""
        kinds = [part.kind for part in parts]
        if all(isinstance(kind, Exact) for kind in kinds):
            exact = [part.counted(kind) for part in parts if isinstance(kind := part.kind, Exact)]
            return [each.part for each in numbers.aligned(self.spell, exact)]
        if all(isinstance(kind, Exact | Real) for kind in kinds):
            return [self.real(part).part for part in parts]
        if any(kind != kinds[0] for kind in kinds):
            raise BadFormula(f"puts {' and '.join(dict.fromkeys(map(named, kinds)))} in one place")
        return list(parts)

    def real(self, part: Part) -> Floating:
        """A number as a floating one. Raises BadFormula."""
        match part.kind:
            case Real() as kind:
                return Floating(part.sql, kind)
            case Exact() as kind:
                return numbers.floating(self.spell, part.counted(kind))
        raise BadFormula(f"computes with {named(part.kind)}")

    def _plain(self, part: Part, name: str, wanted: str) -> str:
        if part.kind != Plain(name):
            raise BadFormula(f"has {named(part.kind)} where {wanted} is expected")
        return part.sql

    def _words(self, node: Node) -> str:
        return self._plain(self.part(node), "text", "a text")

    # ------------------------------------------------------------ numbers

    def _negative(self, part: Part) -> Part:
        match part.kind:
            case Exact() as kind:
                return numbers.negative(part.counted(kind)).part
            case Real():
                return Part(f"(- {part.sql})", part.kind)
        raise BadFormula(f"has a minus before {named(part.kind)}")

    def _computed(self, op: str, left: Part, right: Part) -> Part:
        match left.kind, right.kind:
            case Exact() as one, Exact() as other:
                return self._exact(op, left.counted(one), right.counted(other)).part
        compute = numbers.real_plus if op in "+-" else numbers.real_times
        return compute(self.spell, op, self.real(left), self.real(right)).part

    def _exact(self, op: str, left: Counted, right: Counted) -> Counted:
        match op:
            case "*":
                return numbers.times(self.spell, left, right)
            case "/":
                return numbers.quotient(self.spell, left, right)
        return numbers.plus(self.spell, op, left, right)

    def _cast(self, part: Part, target: str) -> Part:
        if target == "text":
            return Part(self.written(part), TEXT)
        return self.real(part).part

    # ------------------------------------------------------------ choices

    def _case(self, node: Case) -> Part:
        conditions = [self.truth(condition) for condition, _ in node.whens]
        results = [result for _, result in node.whens] + ([node.otherwise] if node.otherwise is not None else [])
        parts = self.alike([self.part(result) for result in results])
        listed = [f"WHEN {c} THEN {p.sql}" for c, p in zip(conditions, parts, strict=False)]
        if node.otherwise is not None:
            listed.append(f"ELSE {parts[-1].sql}")
        return _united(f"(CASE {' '.join(listed)} END)", parts)

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Part:
        if name not in FUNCTIONS:
            raise BadFormula(f"calls {name[:40]}, which is none of {', '.join(FUNCTIONS)}")
        least, most, make = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise BadFormula(f"gives {name} {len(arguments)} arguments")
        return make(self, arguments)

    def count(self, node: Node, least: int, most: int, what: str) -> int:
        """A literal whole number. Raises BadFormula."""
        if not isinstance(node, Number) or not least <= node.value <= most or node.value != int(node.value):
            raise BadFormula(f"{what} is a number between {least} and {most}, written out")
        return int(node.value)

    def words(self, name: str, arguments: tuple[Node, ...]) -> Part:
        """A function of texts that both databases know under this name."""
        return Part(f"{name}({', '.join(map(self._words, arguments))})", TEXT)

    def replaced(self, arguments: tuple[Node, ...]) -> Part:
        """SQLite finds nothing empty, and then does not look whether it would be replaced by NULL."""
        text, new = self.words("replace", arguments).sql, self._words(arguments[2])
        return Part(text if isinstance(arguments[2], Text) else f"({text} || {self.spell.left(new, 0)})", TEXT)

    def length(self, arguments: tuple[Node, ...]) -> Part:
        return Part(self.spell.whole(f"length({self._words(arguments[0])})"), Exact(0, 0, LONGEST))

    def concat(self, arguments: tuple[Node, ...]) -> Part:
        return Part("(" + " || ".join(f"coalesce({self.text(each)}, '')" for each in arguments) + ")", TEXT)

    def coalesce(self, arguments: tuple[Node, ...]) -> Part:
        parts = self.alike([self.part(each) for each in arguments])
        return _united(f"coalesce({', '.join(part.sql for part in parts)})", parts)

    def nullif(self, arguments: tuple[Node, ...]) -> Part:
        parts = self.alike([self.part(each) for each in arguments])
        return Part(f"nullif({parts[0].sql}, {parts[1].sql})", parts[0].kind)

    def substring(self, arguments: tuple[Node, ...]) -> Part:
        first = self.count(arguments[1], 1, LONGEST, "where a piece of text begins")
        text = f"substr({self._words(arguments[0])}, {first}"
        if len(arguments) == 2:
            return Part(f"{text})", TEXT)
        return Part(f"{text}, {self.count(arguments[2], 0, LONGEST, 'how long it is')})", TEXT)

    def left(self, arguments: tuple[Node, ...]) -> Part:
        count = self.count(arguments[1], 0, LONGEST, "how long a piece of text is")
        return Part(self.spell.left(self._words(arguments[0]), count), TEXT)

    def right(self, arguments: tuple[Node, ...]) -> Part:
        count = self.count(arguments[1], 1, LONGEST, "how long a piece of text is")
        return Part(self.spell.right(self._words(arguments[0]), count), TEXT)

    def absolute(self, arguments: tuple[Node, ...]) -> Part:
        part = self.part(arguments[0])
        if isinstance(part.kind, Exact):
            return numbers.size(part.counted(part.kind)).part
        return Part(f"abs({self.real(part).sql})", part.kind)

    def round(self, arguments: tuple[Node, ...]) -> Part:
        places = self.count(arguments[1], 0, MAX_PLACES, "how many decimals") if len(arguments) == 2 else 0
        match arguments[0]:
            case Binary(op="/", left=above, right=below):
                return self._quotient(self.part(above), self.part(below), places)
        return self._rounded(self.part(arguments[0]), places)

    def _quotient(self, left: Part, right: Part, places: int) -> Part:
        """A quotient of decimals has an end only where it is rounded."""
        match left.kind, right.kind:
            case Exact() as one, Exact() as other if one.scale or other.scale:
                return numbers.rounded_quotient(self.spell, left.counted(one), right.counted(other), places).part
        return self._rounded(self._computed("/", left, right), places)

    def _rounded(self, part: Part, places: int) -> Part:
        if isinstance(part.kind, Exact):
            return numbers.rounded(self.spell, part.counted(part.kind), places).part
        return numbers.real_rounded(self.spell, self.real(part), places).part


def _united(text: str, parts: Sequence[Part]) -> Part:
    """One of several values: its bounds are those of all."""
    first = parts[0].kind
    exact = [kind for part in parts if isinstance(kind := part.kind, Exact)]
    real = [kind for part in parts if isinstance(kind := part.kind, Real)]
    if exact:
        return Part(text, Exact(exact[0].scale, min(k.low for k in exact), max(k.high for k in exact)))
    if real:
        return Part(text, Real(min(k.least for k in real), max(k.most for k in real)))
    return Part(text, first)


Maker = Callable[[Printer, tuple[Node, ...]], Part]
MANY = 100
FUNCTIONS: dict[str, tuple[int, int, Maker]] = {
    "CONCAT": (1, MANY, Printer.concat),
    "COALESCE": (2, MANY, Printer.coalesce),
    "NULLIF": (2, 2, Printer.nullif),
    "UPPER": (1, 1, lambda printer, given: printer.words("upper", given)),
    "LOWER": (1, 1, lambda printer, given: printer.words("lower", given)),
    "TRIM": (1, 1, lambda printer, given: printer.words("trim", given)),
    "LTRIM": (1, 1, lambda printer, given: printer.words("ltrim", given)),
    "RTRIM": (1, 1, lambda printer, given: printer.words("rtrim", given)),
    "REPLACE": (3, 3, Printer.replaced),
    "SUBSTR": (2, 3, Printer.substring),
    "SUBSTRING": (2, 3, Printer.substring),
    "LEFT": (2, 2, Printer.left),
    "RIGHT": (2, 2, Printer.right),
    "LENGTH": (1, 1, Printer.length),
    "ROUND": (1, 2, Printer.round),
    "ABS": (1, 1, Printer.absolute),
}


def idle(node: Node) -> None:
    """Refuse what would be decided before any row: PostgreSQL would compute it before it knows by which collation."""
    match node:
        case Call(name=name) if name not in FUNCTIONS:
            return
        case Call() | Joined() | Cast() | IsNull() | Unary(op="NOT"):
            deciding: Sequence[Node] = (node,)
        case Binary(op="AND" | "OR", left=left, right=right):
            deciding = (left, right)
        case Binary(op=op) if op in _COMPARED:
            deciding = (node,)
        case Case(whens=whens):
            deciding = [condition for condition, _ in whens]
        case _:
            return
    if isinstance(node, Call) and node.name == "COALESCE":
        deciding = node.arguments[:-1]
    if not all(any(isinstance(inner, Name) for inner in walk(each)) for each in deciding):
        raise BadFormula("computes with literals alone: write what comes of it")
