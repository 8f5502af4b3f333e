"""The one gate to the toolkit: lines become content and strips here, and nowhere else.

Text that came from elsewhere stands in a `Span` (which cannot hold what acts), and a span's text is handed on as it is:
never as markup, never as something that can be clicked. Must never accept a plain `str`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from haops.ui.presenters.lines import Line, Role, Span

_WEIGHTS: Mapping[Role, str] = {
    Role.STRONG: "bold",
    Role.WARN: "bold",
    Role.BAD: "bold",
    Role.UNKNOWN: "bold",
    Role.ACCENT: "bold",
    Role.CHANGE: "bold",
    Role.DESTROY: "bold",
    Role.KEY: "bold",
    Role.DRILL: "bold reverse",
    Role.STALE: "italic",
}
"""What a role looks like besides its colour: with these a theme without colours can still be read."""

_PLAIN = Style()
_CHANGED = Style(underline=True)
_NONE: frozenset[int] = frozenset()

StyleOf = Callable[[Role], Style]
"""Gives the colours of a role in the present theme."""


def role_style(role: Role, colours: Mapping[str, str]) -> Style:
    """Return the look of a role with the theme's `haops-*` variables; the background is the widget's."""
    return Style.parse(f"{_WEIGHTS.get(role, '')} {colours[f'haops-{role}']}".strip())


def content(line: Line) -> Content:
    """Return a line as content, in the colours of the theme's `haops-*` variables."""
    # assemble takes text and style apart; a text with markup would have its brackets read.
    return Content.assemble(*((span.text, f"{_WEIGHTS.get(span.role, '')} $haops-{span.role}") for span in line.spans))


def strip(line: Line, width: int, style_of: StyleOf, changed: frozenset[int] = _NONE, over: Style = _PLAIN) -> Strip:
    """Return a line as a strip of exactly `width` cells, the style `over` on all of it.

    Spans whose numbers are in `changed` are underlined.
    """
    segments = [
        Segment(span.text, style_of(span.role) + over + (_CHANGED if number in changed else _PLAIN))
        for number, span in enumerate(line.spans)
    ]
    return Strip(segments).adjust_cell_length(width, style_of(Role.PLAIN) + over)


def one_line(text: str) -> str:
    """Return text as one line in which nothing acts or hides, for the few places that take no line."""
    return Span(" ".join(text.split("\n"))).text


_DRILL = Line((Span(" DRILL ", Role.DRILL),))


def frame_if_drill(screen: Screen[Any]) -> None:
    """Put the word DRILL on the frame of a screen that is shown during a drill."""
    if screen.app.has_class("-drill"):
        set_title(screen, _DRILL)


def set_question_title(widget: Widget, line: Line) -> None:
    """Set the words on the frame of a question; in a drill they begin with DRILL."""
    set_title(widget, _DRILL + Line((Span(" "),)) + line if widget.app.has_class("-drill") else line)


def set_foot(widget: Widget, line: Line) -> None:
    """Set the words on the lower edge of a widget's frame."""
    widget.border_subtitle = content(line)


def set_title(widget: Widget, line: Line) -> None:
    """Set the words on a widget's frame; the toolkit would read a plain text as markup."""
    widget.border_title = content(line)
