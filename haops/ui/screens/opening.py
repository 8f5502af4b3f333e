"""What stands until a session is open: what is being opened, and that nothing has been asked yet.

Owns the thread in which it is opened. Must never import what a session needs: this is the first frame.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from haops.ui.messages import SessionNotOpened, SessionOpened
from haops.ui.output import frame_if_drill
from haops.ui.presenters.keys import key_line
from haops.ui.presenters.lines import Line, Role, Span, line, strong
from haops.ui.sources import Opening
from haops.ui.widgets.lines import Lines

_KEYS = (("q", "leave"),)


class OpeningScreen(Screen[None]):
    """The first frame of a session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "app.leave", "leave", id="opening.leave", tooltip="leave")
    ]

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening

    def compose(self) -> ComposeResult:
        """Lay out the header, the sentence and the keys where the session has them."""
        yield Lines(lambda _width: [line(" haops  ", strong(self._opening.title))], id="header")
        yield Lines(self._now, id="now", classes="frame")
        # Nothing: it takes the rows between, so that the keys stand at the bottom.
        yield Lines(id="rest")
        yield Lines(lambda width: [key_line(_KEYS, width)], id="keys")

    def on_mount(self) -> None:
        """Show the frame; the session is opened after it."""
        frame_if_drill(self)
        self.query_one("#now", Lines).title(line("DRILL" if self._opening.is_drill else "NOW"))
        self.call_after_refresh(self.run_worker, self._open, thread=True)

    def _now(self, _width: int) -> list[Line]:
        """Say what is known: nothing."""
        return [line(Span("? OPENING  ", Role.UNKNOWN), "Nothing has been asked yet, and nothing has been changed.")]

    def _open(self) -> None:
        """Open the session and tell."""
        try:
            self.post_message(SessionOpened(self._opening()))
        except Exception as error:  # noqa: BLE001 - whoever ran the app raises it on the restored terminal
            self.post_message(SessionNotOpened(error))
