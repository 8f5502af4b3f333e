"""Lines on the whole screen: a step in full, an output, the help, the timeline."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from haops.core.view import View
from haops.ui.output import frame_if_drill
from haops.ui.presenters.keys import key_line
from haops.ui.presenters.lines import Line
from haops.ui.presenters.topic import Topic
from haops.ui.widgets.lines import Lines

MakeFrom = Callable[[View | None, int], Sequence[Line]]
"""Makes lines from the newest view (None without a session) for a width."""

_KEYS = (("↑ ↓ ← →", "scroll"), ("home end", "first, last"), ("esc", "back"))


class Viewer(Screen[None]):
    """A title, lines that scroll, and esc. With `follows`, the end stays in sight while lines are added."""

    topic = Topic("Reading", "This screen only shows; no key on it runs or answers anything.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "back", id="viewer.back", tooltip="back to where you were"),
        Binding("up,k", "move(0,-1)", "up", show=False, tooltip="scroll up"),
        Binding("down,j", "move(0,1)", "down", show=False, tooltip="scroll down"),
        Binding("left", "move(-8,0)", "left", show=False, tooltip="scroll to the left"),
        Binding("right", "move(8,0)", "right", show=False, tooltip="scroll to the right"),
        Binding("pageup", "page(-1)", "page up", show=False, tooltip="a page up"),
        Binding("pagedown,space", "page(1)", "page down", show=False, tooltip="a page down"),
        Binding("home,g", "first", "first", show=False, tooltip="the beginning"),
        Binding("end,G", "last", "last", show=False, tooltip="the end"),
    ]

    def __init__(self, title: Line, make: MakeFrom, view: View | None = None, *, follows: bool = False) -> None:
        super().__init__()
        self._heading = title
        self._make = make
        self._view = view
        self._follows = follows

    def compose(self) -> ComposeResult:
        """Lay out the lines and the keys."""
        yield Lines(self._lines, id="body")
        yield Lines(lambda width: [key_line(_KEYS, width)], id="keys")

    def _lines(self, width: int) -> Sequence[Line]:
        """Return the lines as things are now."""
        return self._make(self._view, width)

    @property
    def body(self) -> Lines:
        """The lines."""
        return self.query_one("#body", Lines)

    def on_mount(self) -> None:
        """Set the title."""
        frame_if_drill(self)
        self.body.title(self._heading)
        # Focused, its own keys would act before those of this screen, and scroll with an animation.
        self.body.can_focus = False

    def show(self, view: View) -> None:
        """Renew what is shown."""
        self._view = view
        # Asked before the lines change: afterwards the end is further down.
        at_end = self.body.is_vertical_scroll_end
        self.body.show(self._lines)
        if self._follows and at_end:
            self.action_last()

    def action_move(self, right: int, down: int) -> None:
        """Scroll."""
        self.body.shift(right)
        self.body.scroll_relative(y=down, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        # One row of the page before stays in sight.
        self.body.scroll_relative(y=pages * max(self.body.size.height - 1, 1), animate=False)

    def action_first(self) -> None:
        """Scroll to the beginning."""
        self.body.scroll_home(animate=False)

    def action_last(self) -> None:
        """Scroll to the end."""
        self.body.scroll_end(animate=False)
