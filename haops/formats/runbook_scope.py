"""Which names a condition may read, depending on where in the runbook it stands.

Owns the rule "a name must be a fact, an input, or something that an earlier step has found out". Must never evaluate.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from haops.core.conditions import Expression, span
from haops.formats.suggestions import did_you_mean

HOST_PREFIX = "host."


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a character of a text."""

    offset: int
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names that can be read in one place of a runbook.

    `names` are facts, inputs and what earlier steps provide; `own` is what the step itself captures; `elsewhere` maps
    what other steps provide to their ids; `options` maps a choose step's id to its values.
    """

    names: frozenset[str] = frozenset()
    host_facts: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_hosts: bool = False

    def mistakes(self, expression: Expression, *, host: bool = False, own: bool = False) -> Iterator[Mistake]:
        """Yield what is wrong with the names that the expression reads.

        With `host` it is evaluated for one host, if the step has hosts; with `own` after the step has run.
        """
        known = self.names | (self.own if own else frozenset())
        known |= self.host_facts if host and self.on_hosts else frozenset()
        for occurrence in expression.occurrences():
            if occurrence.name not in known:
                yield self._unknown(occurrence.name, occurrence.begin, known)
        yield from self._impossible(expression)

    def _unknown(self, name: str, offset: int, known: frozenset[str]) -> Mistake:
        """Return why a name cannot be read here."""
        if name in self.own:
            return Mistake(offset, f"{name} is found out by this step itself, not before", "read it in verify")
        if name in self.elsewhere:
            step = self.elsewhere[name]
            return Mistake(offset, f"{name} comes from {step}, which does not run before this", f"add needs: [{step}]")
        if name in self.host_facts:
            return Mistake(offset, f"{name} is about one host, and none is meant here", "give the step hosts with on")
        alike = self.host_facts if name.startswith(HOST_PREFIX) else known | self.own | frozenset(self.elsewhere)
        return Mistake(offset, f"nothing is known as {name}", did_you_mean(name, alike))

    def _impossible(self, expression: Expression) -> Iterator[Mistake]:
        """Yield comparisons of a decision with an answer that it does not offer."""
        for node in ast.walk(expression.tree):
            # The name of an included decision has a dot, which Python reads as an attribute.
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name | ast.Attribute):
                decision = ast.unparse(node.left)
                offered = self.options.get(decision, ())
                for text, place in _texts(node) if offered else ():
                    if text not in offered:
                        begin, _end = span(expression.text, place)
                        yield Mistake(begin, f"{decision} never becomes {text!r}", did_you_mean(text, offered))


def _texts(node: ast.Compare) -> Iterator[tuple[str, ast.Constant]]:
    """Yield the texts that the left side of a comparison is compared with, and their nodes."""
    for comparator in node.comparators:
        for part in ast.walk(comparator):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value, part
