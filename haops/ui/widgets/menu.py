"""Lines with a cursor that stays on the thing it stands on while everything around it is renewed."""

from typing import Any, ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from haops.ui.presenters.lines import Line
from haops.ui.widgets.lines import Lines, MakeLines


class Menu(Lines, can_focus=True):
    """Lines of which those with a key can be chosen with the arrow keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "up", id="menu.up", tooltip="the row above", show=False),
        Binding("down,j", "step(1)", "down", id="menu.down", tooltip="the row below", show=False),
        Binding("home,g", "edge(1)", "first", id="menu.first", tooltip="the first row", show=False),
        Binding("end,G", "edge(-1)", "last", id="menu.last", tooltip="the last row", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another thing."""

        def __init__(self, menu: "Menu", key: str) -> None:
            super().__init__()
            self.menu = menu
            self.key = key

        @property
        def control(self) -> "Menu":
            """The menu whose cursor moved."""
            return self.menu

    def __init__(self, make: MakeLines | None = None, **options: Any) -> None:
        super().__init__(make, **options)
        self.cursor = ""

    @property
    def keys(self) -> list[str]:
        """The things that can be chosen, in their order."""
        return [line.key for line in self.lines if line.key]

    def point_at(self, key: str) -> None:
        """Put the cursor on a thing."""
        if key == self.cursor:
            return
        before, self.cursor = self.cursor, key
        for number, line in enumerate(self.lines):
            if line.key and line.key in (before, key):
                # Only the two whose look changes: over a slow line nothing else is sent.
                self.refresh_line(number)
            if line.key == key:
                self.scroll_to_row(number)
        self.post_message(self.Moved(self, key))

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight: before the first layout there was nothing to scroll."""
        # First the rows for the new width: left to itself, the toolkit calls this behind the method here.
        super().on_resize(event)
        for number, line in enumerate(self.lines):
            if line.key and line.key == self.cursor:
                self.scroll_to_row(number)

    def scroll_to_row(self, number: int) -> None:
        """Scroll as little as is needed to show a row."""
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if number < top:
            # With the first row its heading comes back into sight.
            self.scroll_to(y=number if number > 1 else 0, animate=False)
        elif height and number >= top + height:
            self.scroll_to(y=number - height + 1, animate=False)

    def action_step(self, by: int) -> None:
        """Move the cursor by rows that can be chosen."""
        keys = self.keys
        if keys:
            # Without a cursor the first step leads to the nearest edge.
            present = keys.index(self.cursor) if self.cursor in keys else -1 if by > 0 else len(keys)
            self.point_at(keys[min(max(present + by, 0), len(keys) - 1)])

    def action_edge(self, which: int) -> None:
        """Move the cursor to the first (1) or the last (-1) row."""
        if self.keys:
            self.point_at(self.keys[0 if which > 0 else -1])

    def laid_over(self, line: Line) -> Style:
        """Return the cursor's background for the line under it."""
        if not line.key or line.key != self.cursor:
            return Style()
        # Bold as well: without colours the cursor is seen by that alone.
        return Style(bgcolor=self.app.theme_variables["haops-cursor"], bold=True)
