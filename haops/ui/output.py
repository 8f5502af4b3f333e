"""The one gate to the toolkit: lines become content and strips here, and nowhere else.

Text that came from elsewhere stands in a `Span` (which cannot hold what acts), and a span's text is handed on as literal
text: never as markup, never as something that can be clicked. Must never accept a plain `str`.
"""

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from haops.ui.presenters.lines import Line, Role

StyleOf = Callable[[Role], Style]
"""Gives the colours of a role in the present theme."""


def content(line: Line) -> Content:
    """Return a line as content, in the colours of the theme's `haops-*` variables."""
    return Content.assemble(*((span.text, f"$haops-{span.role}") for span in line.spans))


def strip(line: Line, width: int, style_of: StyleOf, changed: frozenset[int] = frozenset()) -> Strip:
    """Return a line as a strip of exactly `width` cells; spans whose numbers are in `changed` are marked."""
    segments = [
        Segment(span.text, style_of(span.role) + (Style(underline=True) if number in changed else Style()))
        for number, span in enumerate(line.spans)
    ]
    return Strip(segments).adjust_cell_length(width, style_of(Role.PLAIN))


def set_title(widget: Widget, line: Line) -> None:
    """Set the words on a widget's frame; the toolkit would read a plain text as markup."""
    # Annotated as text in the toolkit, though content is what it keeps.
    widget.border_title = content(line)  # type: ignore[assignment]
