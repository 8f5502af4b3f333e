"""The frame of every question: facts that scroll, the question, places to type, and esc for no."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from haops.ui.actions import ON_QUESTIONS
from haops.ui.bindings import bindings
from haops.ui.output import set_foot, set_question_title
from haops.ui.presenters.keys import help_key
from haops.ui.presenters.lines import Line, Role, Span, dim, line, wrap
from haops.ui.presenters.topic import Topic
from haops.ui.widgets.lines import Lines

T = TypeVar("T")
_FRAME_ROWS = 2
_LEFT_FREE = 2
"""Rows of the screen below that stay in sight, at least."""
_LEAST_ROWS = 6


def _hint(hidden: int) -> Line:
    """Return how to see rows that do not fit."""
    return line(Span("   ↑ ↓", Role.KEY), f" {hidden} more rows")


def _place(name: str) -> Input:
    """Return a place to type, whose cursor stands still: what blinks is sent again and again over a slow line."""
    # Selected on focus, all that was typed would be lost with the next key.
    place = Input(id=name, select_on_focus=False)
    place.cursor_blink = False
    return place


ANYWHERE = bindings(ON_QUESTIONS)
"""Bindings of every question besides its own: the toolkit asks the app for none while a question stands."""


def frame_question(frame: Vertical, heading: Line, *, while_typing: bool) -> None:
    """Put the title on the frame of a question, and the key of its help."""
    set_question_title(frame, heading)
    key = help_key(getattr(frame.app, "keymap", {}), while_typing=while_typing)
    set_foot(frame, line(Span(key, Role.KEY), dim(" help")))


class Question(ModalScreen[T | None], Generic[T]):
    """A question in a frame. Subclasses say what stands in it; `None` is the answer of esc and of a lost terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *ANYWHERE,
        Binding("escape", "dismiss_with_no", "back", id="question.back", tooltip="no; nothing happens", priority=True),
        Binding("up", "scroll(-1)", "up", show=False, tooltip="scroll up"),
        Binding("down", "scroll(1)", "down", show=False, tooltip="scroll down"),
        Binding("pageup", "scroll(-10)", "page up", show=False, tooltip="scroll up a page"),
        Binding("pagedown", "scroll(10)", "page down", show=False, tooltip="scroll down a page"),
    ]
    topic: ClassVar[Topic] = Topic(
        "A question",
        "Only the keys that stand in it answer it; esc is no, and a lost terminal is a no. This help answers nothing.",
    )
    # A question without a place to type has no focus, so that its keys reach its bindings.
    AUTO_FOCUS = "Input"
    INPUTS: ClassVar[tuple[str, ...]] = ()
    """Ids of the places to type, in their order."""

    def compose(self) -> ComposeResult:
        """Lay out facts, question and places to type."""
        with Vertical(id="question", classes=self.tone()):
            yield Lines(self.facts, id="facts")
            yield Lines(self._asked, id="ask")
            for name in self.places():
                yield _place(name)

    def on_mount(self) -> None:
        """Set the title."""
        frame_question(self.query_one("#question", Vertical), self.heading(), while_typing=bool(self.places()))
        # What scrolls can have the focus by default, and would take the keys from the places to type.
        self.query_one("#facts", Lines).can_focus = False

    def places(self) -> Sequence[str]:
        """Return the ids of the places to type."""
        return self.INPUTS

    def tone(self) -> str:
        """Return the class of the frame: how dangerous the question is."""
        return ""

    def heading(self) -> Line:
        """Return the title."""
        raise NotImplementedError

    def facts(self, width: int) -> Sequence[Line]:
        """Return what the answer rests on."""
        raise NotImplementedError

    def asked(self) -> Line:
        """Return the question with its keys."""
        raise NotImplementedError

    def _asked(self, width: int) -> Sequence[Line]:
        """Return the question, wrapped, and how to see facts that do not fit."""
        # From what is needed, not from what is drawn: the layout may be a step behind.
        hidden = self._needed(wrap(self.asked(), width)) - self._room
        if hidden <= 0:
            return wrap(self.asked(), width)
        # The hint may take a row of its own, which hides one more.
        hidden = self._needed(wrap(self.asked() + _hint(hidden), width)) - self._room
        return wrap(self.asked() + _hint(hidden), width)

    def _needed(self, asked: Sequence[Line]) -> int:
        """Return how many rows everything takes, with the frame."""
        facts = len(self.query_one("#facts", Lines).lines)
        return facts + len(asked) + len(self.places()) + _FRAME_ROWS

    @property
    def _room(self) -> int:
        """How many rows the frame may have."""
        return max(self.size.height - _LEFT_FREE, _LEAST_ROWS)

    def renew(self) -> None:
        """Show facts and question as they are now, the frame as high as they need."""
        ask = self.query_one("#ask", Lines)
        self.query_one("#facts", Lines).show(self.facts)
        ask.show(self._asked)
        # Last: how high the question is, is known once it was made for its width.
        self.query_one("#question", Vertical).styles.height = max(min(self._needed(ask.lines), self._room), _LEAST_ROWS)

    def on_resize(self) -> None:
        """Fit the frame to the new size."""
        # The new width reaches the lines with the next layout.
        self.call_after_refresh(self.renew)

    def action_dismiss_with_no(self) -> None:
        """Leave the question: no."""
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Scroll the facts."""
        self.query_one("#facts", Lines).scroll_relative(y=by, animate=False)
