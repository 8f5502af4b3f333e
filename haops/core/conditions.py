"""The condition language of runbooks: parse, name what is read, evaluate, explain.

A condition is a Python expression cut down to literals, names (dotted facts), `and or not`, comparisons, `+ - * / %`,
`in`, a conditional expression, tuples and a few pure functions. Everything else is refused when the runbook is read.
Owns that language. Must never run anything that the text says beyond these.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Python's parser is not bounded itself: deep nesting takes its stack, long text its time.
MAX_LENGTH = 500
MAX_NODES = 100

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    # operator.contains takes its arguments the other way round.
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
# No power: 9**9**9 is a short condition that would be computed for ever.
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "max": max,
    "min": min,
    "len": len,
    "round": round,
    "int": int,
    "abs": abs,
    # Only so that the name is allowed: its argument is looked at before it could be called (`_compute`).
    "known": bool,
}


class ConditionError(ValueError):
    """The text is not a condition; `column` counts from 1 within the text."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.column = column


class Unknown(Exception):
    """A fact that the condition needs is not known yet; its name is the argument."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One dotted name of a condition, and where it begins and ends in the text (characters, from 0)."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition: its text, the dotted names that it reads, and its tree (left out of comparisons)."""

    text: str
    names: tuple[str, ...] = ()
    # Trees compare by identity: two conditions of one text would differ.
    tree: ast.expr = field(default_factory=lambda: ast.Constant(value=None), compare=False, repr=False)

    def evaluate(self, facts: Mapping[str, Any]) -> Any:
        """Return the value. Raises Unknown for a fact that is not there, ConditionError for a clash of types."""
        return _evaluate(self.tree, facts)

    def holds(self, facts: Mapping[str, Any]) -> bool | None:
        """Return whether it is true, or None if that cannot be told: a fact is not known, or types do not fit."""
        try:
            return bool(self.evaluate(facts))
        # Nothing may rest on a clash either; `explain` says what it is.
        except (Unknown, ConditionError):
            return None

    def occurrences(self) -> Iterator[Occurrence]:
        """Yield every dotted name where it stands in the text, in reading order."""
        found = [Occurrence(name, *span(self.text, node)) for name, node in _named(self.tree)]
        return iter(sorted(found, key=lambda occurrence: occurrence.begin))

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Return the names that it reads with their values now, and a clash: `etcd.answering 1, etcd.quorum 2`."""
        values = ", ".join(f"{name} {_show(facts.get(name))}" for name in self.names)
        try:
            self.evaluate(facts)
        except Unknown:
            return values
        except ConditionError as clash:
            return f"{values}; {clash}"
        return values


def parse_condition(text: str) -> Expression:
    """Parse a condition. Raises ConditionError with the column of the first thing that is not allowed."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"longer than {MAX_LENGTH} characters")
    try:
        # A space at the beginning would be an indentation, and a mistake.
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ConditionError(f"not a condition: {error.msg}", error.offset or len(text.strip()) + 1) from None
    # MemoryError is the parser's word for its own stack, ValueError that for a NUL.
    except (RecursionError, MemoryError, ValueError):
        raise ConditionError("nested too deeply") from None
    names: dict[str, None] = {}
    for count, node in enumerate(_walk(tree, names)):
        if count > MAX_NODES:
            raise ConditionError("too long to be understood; split it", _column(node))
    return Expression(text.strip(), tuple(names), tree)


def _walk(node: ast.expr, names: dict[str, None]) -> list[ast.AST]:
    """Return the nodes below, refusing what is not allowed and collecting dotted names."""
    dotted = _dotted(node)
    # Counted as one node, however many dots: a fact's name is no nesting.
    if dotted:
        names[dotted] = None
        return [node]
    seen: list[ast.AST] = [node]
    for child in _children(node):
        seen.extend(_walk(child, names))
    return seen


def _children(node: ast.expr) -> list[ast.expr]:  # noqa: PLR0911 - one line for each kind of node
    """Return the operands of an allowed node; raises ConditionError for any other."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return []
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return values
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return [operand]
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARE for op in ops):
            return [left, *comparators]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return [left, right]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [test, body, orelse]
        # By a plain name: what is called is one of our functions, never a method of a value.
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return arguments
    raise ConditionError(f"{ast.unparse(node)!r} is not allowed in a condition", _column(node))


def _dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of attributes on a name, else an empty text."""
    parts: list[str] = []
    # No name that begins with _ is a fact: __class__ and its like lead out of any evaluator.
    while isinstance(node, ast.Attribute) and not node.attr.startswith("_"):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id.startswith("_"):
        return ""
    return ".".join([node.id, *reversed(parts)])


def _named(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the dotted names below a node of an allowed tree; a function's name is none."""
    dotted = _dotted(node)
    if dotted:
        yield dotted, node
        return
    for child in _children(node):
        yield from _named(child)


def span(text: str, node: ast.expr) -> tuple[int, int]:
    """Return where a node begins and ends in the text; Python counts its columns in bytes of a line."""
    lines = text.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        """Return a place in characters of the whole text."""
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    return offset(node.lineno, node.col_offset), offset(node.end_lineno or node.lineno, node.end_col_offset or 0)


def _evaluate(node: ast.expr, facts: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one line for each kind of node
    """Return the value of an allowed node."""
    dotted = _dotted(node)
    if dotted:
        # The class stands for what is not there: None is a value that an input may have.
        value = facts.get(dotted, Unknown)
        if value is Unknown:
            raise Unknown(dotted)
        return value
    match node:
        case ast.Constant(value=value):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            return _all(values, facts, wanted=True)
        case ast.BoolOp(values=values):
            # True unless all are false: an `or` asked the other way round.
            return not _all(values, facts, wanted=False)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate(operand, facts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _evaluate(body if _evaluate(test, facts) else orelse, facts)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(_evaluate(element, facts) for element in elements)
    return _compute(node, facts)


def _all(values: list[ast.expr], facts: Mapping[str, Any], *, wanted: bool) -> bool:
    """Return whether every value is `wanted`; one that is not decides, even beside facts that are unknown."""
    unknown: Unknown | None = None
    for value in values:
        try:
            # false and unknown is false, true or unknown is true: what is known may be enough.
            if bool(_evaluate(value, facts)) is not wanted:
                return False
        except Unknown as error:
            unknown = unknown or error
    if unknown:
        raise unknown
    return True


def _compute(node: ast.expr, facts: Mapping[str, Any]) -> Any:
    """Return the value of an operator, a comparison or a function; ConditionError if the types do not fit."""
    try:
        match node:
            case ast.UnaryOp(operand=operand):
                return -_evaluate(operand, facts)
            case ast.BinOp(left=left, op=op, right=right):
                return _arithmetic(op, _evaluate(left, facts), _evaluate(right, facts))
            # Before the others: an unknown argument would end the evaluation there.
            case ast.Call(func=ast.Name(id="known"), args=[asked]):
                return _is_known(asked, facts)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return _FUNCTIONS[name](*(_evaluate(argument, facts) for argument in arguments))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                values = [_evaluate(value, facts) for value in [left, *comparators]]
                pairs = zip(ops, values, values[1:], strict=False)
                return all(_COMPARE[type(op)](before, after) for op, before, after in pairs)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ConditionError(f"{ast.unparse(node)}: {error}", _column(node)) from None
    raise ConditionError(f"{ast.unparse(node)!r} is not allowed in a condition", _column(node))


def _is_known(asked: ast.expr, facts: Mapping[str, Any]) -> bool:
    """Return whether the facts that the expression needs are there."""
    try:
        # In an included runbook None stands for an input that nobody gave.
        return _evaluate(asked, facts) is not None
    except Unknown:
        return False


def _arithmetic(op: ast.operator, left: Any, right: Any) -> Any:
    """Return left op right; only numbers may be multiplied, so that no text can be blown up."""
    # "x" * 10**9 is a short condition and a gigabyte.
    if not isinstance(op, ast.Add) and not (isinstance(left, int | float) and isinstance(right, int | float)):
        raise TypeError("only numbers can be computed with")
    return _ARITHMETIC[type(op)](left, right)


def _column(node: ast.AST) -> int:
    """Return the column of a node in the text, from 1."""
    return getattr(node, "col_offset", 0) + 1


def _show(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "unknown"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
