"""Text with meaning: spans that say what they stand for, lines made of them, and how they are fitted into a width.

Owns the gate for text on its way to a person: a `Span` cannot hold a character that acts or hides, whatever it was made
from. Must never know colours (themes do) or a toolkit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from haops.core.text import MARK, TAB_STOP, cells, cut, visible


class Role(StrEnum):
    """What a piece of text stands for; a theme gives each a colour, and glyph and word say it without one."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"
    ACCENT = "accent"
    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"
    DRILL = "drill"
    KEY = "key"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line. Whatever text it is made from, it holds only what can be seen, without tabs or newlines."""

    text: str
    role: Role = Role.PLAIN

    def __post_init__(self) -> None:
        # A tab is as wide as its place makes it, which no sum of widths knows: it becomes spaces once and for all.
        object.__setattr__(self, "text", visible(self.text).expandtabs(TAB_STOP))

    @property
    def width(self) -> int:
        """How many terminal cells it takes."""
        return cells(self.text)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `key` names the thing it stands for, so that a cursor can stay on it (empty: not to be chosen).

    `volatile`: the numbers of those spans whose changes are too frequent to be worth marking.
    """

    spans: tuple[Span, ...] = ()
    key: str = ""
    volatile: frozenset[int] = frozenset()

    @property
    def plain(self) -> str:
        """The text without roles."""
        return "".join(span.text for span in self.spans)

    @property
    def width(self) -> int:
        """How many terminal cells it takes."""
        return sum(span.width for span in self.spans)

    def __add__(self, other: "Line") -> "Line":
        return replace(self, spans=(*self.spans, *other.spans))


BLANK = Line()


def line(*parts: str | Span, key: str = "") -> Line:
    """Return a line of spans; plain text becomes a plain span."""
    return Line(tuple(part if isinstance(part, Span) else Span(part) for part in parts if part), key)


def strong(text: str) -> Span:
    """Return text that matters."""
    return Span(text, Role.STRONG)


def dim(text: str) -> Span:
    """Return text that stays in the background."""
    return Span(text, Role.DIM)


def fit(span: Span, width: int, *, right: bool = False) -> Span:
    """Return the span cut (with a mark) or padded to exactly `width` cells."""
    text = cut(span.text, width)
    padding = " " * (width - cells(text))
    return Span(padding + text if right else text + padding, span.role)


def crop(given: Line, width: int) -> Line:
    """Return the line with at most `width` cells; what was cut is marked."""
    if given.width <= width:
        return given
    # Spaces at the end are not worth a mark.
    given = crop_spaces(given)
    kept: list[Span] = []
    room = width
    for span in given.spans:
        # The span that does not fit, or that leaves no room for the mark, carries the mark.
        if span.width > room or (span.width == room and span is not given.spans[-1]):
            # With a space more than there is, so that `cut` marks even a span that just fits.
            kept.append(Span(cut(span.text + " ", room), span.role))
            break
        kept.append(span)
        room -= span.width
    return replace(given, spans=tuple(kept))


def shifted(given: Line, by: int) -> Line:
    """Return the line without its first `by` cells; a mark stands for them."""
    if not by:
        return given
    kept: list[Span] = [Span(MARK, Role.DIM)]
    # The mark takes a cell of its own.
    left = by + 1
    for span in given.spans:
        head = _head(span.text, left) if left else ""
        left -= cells(head)
        kept.append(Span(span.text[len(head) :], span.role))
    return replace(given, spans=tuple(kept))


def spread(left: Line, right: Line, width: int) -> Line:
    """Return both on one line, the right one at the right edge; the left one gives way."""
    room = max(width - right.width - 1, 0)
    fitted = crop(left, room)
    return fitted + line(" " * (width - fitted.width - right.width)) + right


def wrap(given: Line, width: int, *, indent: str = "") -> list[Line]:
    """Return the line broken at spaces into lines of at most `width` cells; later ones begin with `indent`."""
    lines: list[Line] = []
    row: list[Span] = []
    used = 0
    # Later lines are shorter by the indent: what is too long for them is broken beforehand.
    for word in _words(given, max(width - len(indent), 1)):
        if used and used + cells(word.text.rstrip()) > width:
            row[-1] = Span(row[-1].text.rstrip(), row[-1].role)
            lines.append(_merged(row, given.key))
            row, used = ([Span(indent)] if indent else []), len(indent)
        row.append(word)
        used += word.width
    last = _merged(row, given.key)
    return [*lines, last if last.width <= width else crop_spaces(last)]


def crop_spaces(given: Line) -> Line:
    """Return the line without the spaces at its end."""
    spans = list(given.spans)
    while spans and not spans[-1].text.rstrip():
        spans.pop()
    last = [Span(spans[-1].text.rstrip(), spans[-1].role)] if spans else []
    return replace(given, spans=(*spans[:-1], *last))


def chop(span: Span, width: int) -> list[Span]:
    """Return the span in pieces of at most `width` cells, nothing lost: for what has to be read exactly.

    A piece ends behind a space if it has one.
    """
    pieces: list[Span] = []
    rest = span.text
    while cells(rest) > width:
        head = _head(rest, width)
        # A head of spaces alone, or one long word, has no better place to break.
        head = head[: head.rfind(" ") + 1] if head.strip() and " " in head.lstrip() else head
        pieces.append(Span(head, span.role))
        rest = rest[len(head) :]
    return [*pieces, Span(rest, span.role)]


def _merged(spans: Sequence[Span], key: str) -> Line:
    """Return a line in which neighbours of one role are one span."""
    # Words were spans of their own while they were wrapped: fewer pieces are drawn faster.
    groups = groupby(spans, key=attrgetter("role"))
    return Line(tuple(Span("".join(span.text for span in group), role) for role, group in groups), key)


def _words(given: Line, longest: int) -> Iterable[Span]:
    """Yield the words of a line with the spaces behind them; a word longer than a line is broken."""
    for span in given.spans:
        for word in _split_keeping_spaces(span.text):
            rest = word
            while cells(rest.rstrip()) > longest:
                head = _head(rest, longest)
                yield Span(head, span.role)
                rest = rest[len(head) :]
            yield Span(rest, span.role)


def _split_keeping_spaces(text: str) -> Iterable[str]:
    """Yield words, each with the spaces that follow it."""
    start = 0
    for index in range(1, len(text)):
        if text[index - 1] == " " and text[index] != " ":
            yield text[start:index]
            start = index
    yield text[start:]


def _head(text: str, width: int) -> str:
    """Return the beginning of the text that takes at most `width` cells, but at least one character."""
    used = 0
    for index, character in enumerate(text):
        # A wide character takes two cells, a combining one none.
        used += cells(character)
        if used > width:
            # A wide character in a single cell would otherwise be split off as nothing, for ever.
            return text[: max(index, 1)]
    return text


def paragraph(text: str, width: int, role: Role = Role.PLAIN, *, label: str = "") -> list[Line]:
    """Return text as wrapped lines behind a label in the background, if there is one."""
    head = [dim(label)] if label else []
    # Line ends in a runbook's text go by the width of its file, not of the screen.
    return wrap(Line((*head, Span(" ".join(text.split()), role))), width)


def rows_to_width(lines: Sequence[Line], width: int) -> list[Line]:
    """Return every line cropped to the width."""
    return [crop(one, width) for one in lines]
