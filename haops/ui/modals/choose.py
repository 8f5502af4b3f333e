"""The decision: one answer of several is taken with `y`; the others stay visible with why they are closed."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from haops.core.commands import Choose
from haops.core.view import View
from haops.ui.modals.question import ANYWHERE, frame_question
from haops.ui.presenters.choice import choice_lines, choice_question, choice_title
from haops.ui.presenters.lines import Line
from haops.ui.presenters.topic import Topic
from haops.ui.widgets.lines import Lines
from haops.ui.widgets.menu import Menu


class ChooseModal(ModalScreen[Choose | None]):
    """Asks which way to take."""

    topic = Topic(
        "A decision",
        "Every answer stands here, with what is lost that way. A closed one says which condition does not hold; it "
        "opens by itself when that changes. Deciding runs nothing: each step of that way still waits for you.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *ANYWHERE,
        # Before whatever has the focus: esc is a no everywhere.
        Binding("escape", "dismiss_with_no", "back", id="choose.back", tooltip="decide nothing", priority=True),
        Binding("y", "take", "take it", id="choose.take", tooltip="take the answer under the cursor"),
    ]

    def __init__(self, view: View, step: str) -> None:
        super().__init__()
        self._step = step
        self._plan = view.plans[step]

    def compose(self) -> ComposeResult:
        """Lay out the answers and the question."""
        with Vertical(id="question"):
            yield Menu(self._answers, id="answers")
            yield Lines(self._asked, id="ask")

    def _answers(self, width: int) -> list[Line]:
        return choice_lines(self._plan, width)

    def _asked(self, width: int) -> list[Line]:
        del width
        return [choice_question(self.menu.cursor)]

    @property
    def menu(self) -> Menu:
        """The answers."""
        return self.query_one("#answers", Menu)

    def on_mount(self) -> None:
        """Set the title, and the cursor on the first answer that is open."""
        frame_question(self.query_one("#question", Vertical), choice_title(self._plan), while_typing=False)
        # The lines are made for a width, and that is known only after the first layout.
        self.call_after_refresh(self._point)

    def _point(self) -> None:
        """Put the cursor on an answer that is open."""
        if self.menu.cursor not in self.menu.keys:
            self.menu.point_at(next(iter(self.menu.keys), ""))

    def show(self, view: View) -> None:
        """Renew what is open; an answer that closed under the cursor is left."""
        plan = view.plans.get(self._step)
        if plan is None:
            # The step does not wait any more: whatever were answered now would be refused.
            self.dismiss(None)
            return
        self._plan = plan
        self.menu.show(self._answers)
        self._point()

    @on(Menu.Moved)
    def _moved(self) -> None:
        """Ask about the answer under the cursor."""
        self.query_one("#ask", Lines).show(self._asked)

    def action_take(self) -> None:
        """Take the answer under the cursor."""
        # An answer may have closed between two looks; `y` then takes nothing.
        if self.menu.cursor in self.menu.keys:
            self.dismiss(Choose(step=self._step, value=self.menu.cursor))

    def action_dismiss_with_no(self) -> None:
        """Decide nothing."""
        self.dismiss(None)
