"""A widget that shows lines which a presenter made for its width, and redraws only those that changed."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from haops.ui.output import role_style, set_foot, set_title, strip
from haops.ui.presenters.lines import Line, Role, crop, shifted

MakeLines = Callable[[int], Sequence[Line]]
"""Makes the lines for a width in cells."""
_COMPARED = 1000
"""So many lines are compared with those before; of more, what is in sight is simply drawn anew."""
_MARKED_S = 2.0
"""How long a changed cell stays marked."""


class Lines(ScrollView):
    """Lines of text, scrolled with the keyboard when there are more than fit.

    With `marks_changes`, a span that changed in a line with the same key is underlined for two seconds, unless the line
    calls it volatile.
    """

    def __init__(
        self,
        make: MakeLines | None = None,
        *,
        marks_changes: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._make: MakeLines = make or (lambda _width: ())
        self._lines: Sequence[Line] = ()
        self._made_for = 0
        self._shift = 0
        self._title = Line()
        self._foot = Line()
        self._changed: dict[int, frozenset[int]] = {}
        self._styles_of: dict[Role, Style] = {}
        self._marks_changes = marks_changes

    def show(self, make: MakeLines) -> None:
        """Show what `make` gives now; it is called again whenever the width changes."""
        self._make = make
        self._rebuild()

    def title(self, line: Line, foot: Line | None = None) -> None:
        """Set the words on the frame, above and below, if they differ from those there."""
        if foot is not None and foot != self._foot:
            self._foot = foot
            set_foot(self, foot)
        if line != self._title:
            self._title = line
            set_title(self, line)

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown now."""
        return self._lines

    def _rebuild(self) -> None:
        """Make the lines anew and redraw those that differ."""
        width = self.scrollable_content_region.width
        # Not laid out yet: there is nothing to make lines for.
        if not width:
            return
        before = self._make_for(width)
        # The very same object (an output that has not grown): nothing needs to be compared.
        if before is self._lines and self.virtual_size.height == len(self._lines):
            return
        self._fit_height(before)
        # Setting it costs a new layout, so only when it changes.
        if self.virtual_size.height != len(self._lines):
            self.virtual_size = Size(width, len(self._lines))
            self.refresh()
            return
        if len(before) != len(self._lines) or len(before) > _COMPARED:
            self.refresh()
            return
        for number, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self._note_change(number, old, new)
                self.refresh_line(number)

    def _make_for(self, width: int) -> Sequence[Line]:
        """Make the lines for a width and return those before."""
        before, self._lines, self._made_for = self._lines, self._make(width), width
        return before

    def _fit_height(self, before: Sequence[Line]) -> None:
        """Ask for a new layout if the height follows the number of lines."""
        if self.styles.is_auto_height and len(before) != len(self._lines):
            self.refresh(layout=True)

    def _note_change(self, number: int, old: Line, new: Line) -> None:
        """Mark the spans that changed in a line about the same thing."""
        if not self._marks_changes or not new.key or old.key != new.key or len(old.spans) != len(new.spans):
            return
        # Cells are padded to their column, whose width changes with the terminal.
        pairs = enumerate(zip(old.spans, new.spans, strict=True))
        changed = frozenset(i for i, (was, now) in pairs if was.text.strip() != now.text.strip()) - new.volatile
        # A mark that is there stays, whatever ticks beside it.
        if not changed:
            return
        self._changed[number] = changed
        # The first that fires unmarks all: a mark may be shorter than that, never longer.
        self.set_timer(_MARKED_S, self._unmark)

    def _unmark(self) -> None:
        """Show every cell as unchanged."""
        for number in self._changed:
            self.refresh_line(number)
        self._changed = {}

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height of all lines at this width."""
        del container, viewport
        # Made anew: the layout asks before there are lines of the new width.
        return len(self._make(width)) if width else 0

    def on_resize(self, event: events.Resize) -> None:
        """Make the lines for the new width."""
        del event
        self._rebuild()

    def notify_style_update(self) -> None:
        """Forget the colours of the theme before."""
        super().notify_style_update()
        self._styles_of = {}

    def style_of(self, role: Role) -> Style:
        """Return the colours of a role; a stale pane has one colour for all."""
        shown = Role.STALE if self.has_class("-stale") else role
        if shown not in self._styles_of:
            self._styles_of[shown] = self.rich_style + role_style(shown, self.app.theme_variables)
        return self._styles_of[shown]

    def render_line(self, y: int) -> Strip:
        """Return the strip at a row of the widget."""
        number = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if width != self._made_for:
            # The first frame comes before the event that tells the size: it must not be empty.
            self._make_for(width)
        if number >= len(self._lines):
            return Strip.blank(width, self.style_of(Role.PLAIN))
        line = self._lines[number]
        # Shifted first: a crop would take away what is to come into sight.
        shown = crop(shifted(line, self._shift), width)
        return strip(shown, width, self.style_of, self._changed.get(number, frozenset()), self.laid_over(line))

    def shift(self, by: int) -> None:
        """Move sideways by so many cells, for lines that are longer than the widget is wide."""
        self._shift = max(self._shift + by, 0)
        self.refresh()

    def laid_over(self, line: Line) -> Style:
        """Return a style for the whole of a line; none here."""
        del line
        return Style()
