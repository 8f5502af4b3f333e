"""The start screen: enter goes on with a session, opens a cluster or begins a drill; the app ends with the choice."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from haops.ui.messages import StartChosen
from haops.ui.presenters.keys import key_line
from haops.ui.presenters.lines import line, strong
from haops.ui.presenters.start import choice_of, start_lines
from haops.ui.presenters.topic import Topic
from haops.ui.sources import StartRows, StartSource
from haops.ui.widgets.lines import Lines
from haops.ui.widgets.menu import Menu

_KEYS = (("↑ ↓", "choose"), ("enter", "go on"), ("?", "help"), ("q", "quit"))


class StartScreen(Screen[None]):
    """What can be gone on with, opened or begun."""

    topic = Topic(
        "Where to begin",
        "A session that was left goes on at the exact step. A cluster opens a session on it; that only looks, until "
        "you confirm a step. A drill starts a lab on this machine and breaks it; no key in it reaches a real cluster. "
        "What would hurt tonight was found on this bastion.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "go on", id="start.take", tooltip="go on with what is under the cursor"),
        Binding("q,escape", "app.leave", "quit", id="start.quit", tooltip="quit"),
    ]

    class RowsFound(Message):
        """The rows were read."""

        def __init__(self, rows: StartRows) -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, source: StartSource) -> None:
        super().__init__()
        self._source = source
        self._rows: StartRows | None = None

    def compose(self) -> ComposeResult:
        """Lay out the rows and the keys."""
        yield Menu(lambda width: start_lines(self._rows, width), id="body")
        yield Lines(lambda width: [key_line(_KEYS, width)], id="keys")

    @property
    def menu(self) -> Menu:
        """The rows."""
        return self.query_one("#body", Menu)

    def on_mount(self) -> None:
        """Show the frame; what is read for its rows comes after it."""
        self.menu.title(line(strong("haops")))
        self.call_after_refresh(self._read_rows)

    def _read_rows(self) -> None:
        """Read the rows in a thread."""
        # As a message: widgets may be touched by the app's own thread only.
        self.run_worker(lambda: self.post_message(self.RowsFound(self._source.rows())), thread=True)

    def on_start_screen_rows_found(self, message: RowsFound) -> None:
        """Show the rows, the cursor on the first."""
        self._rows = message.rows
        self.menu.show(lambda width: start_lines(self._rows, width))
        if self.menu.keys:
            self.menu.point_at(self.menu.keys[0])

    def action_take(self) -> None:
        """Choose what is under the cursor."""
        if self.menu.cursor:
            self.post_message(StartChosen(choice_of(self.menu.cursor)))
