"""Triage: which runbook fits and why; enter takes one up."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from haops.core.runbook import Runbook
from haops.core.view import View
from haops.ui.messages import RunbookTaken
from haops.ui.modals.inputs import InputsModal
from haops.ui.modals.pick import Pick
from haops.ui.output import frame_if_drill
from haops.ui.presenters.keys import key_line
from haops.ui.presenters.lines import Line, Role, Span, line, strong
from haops.ui.presenters.topic import Topic
from haops.ui.presenters.triage import inputs_to_ask, triage_lines, triage_title
from haops.ui.widgets.lines import Lines
from haops.ui.widgets.menu import Menu

_KEYS = (("↑ ↓", "choose"), ("enter", "take it up…"), ("esc", "back"))


class TriageScreen(Screen[None]):
    """Every runbook in order of fit."""

    topic = Topic(
        "Which runbook fits",
        "The runbook that most speaks for stands first. Signals speak for one or against it; `not seen` are those that "
        "would speak for it and are not raised. `changes` is what its steps would change if all of them ran. "
        "Taking one up runs nothing.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "back", id="triage.back", tooltip="back to the session"),
        Binding("enter", "take", "take it up", id="triage.take", tooltip="take up the runbook under the cursor"),
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """Lay out the runbooks and the keys."""
        yield Menu(lambda width: triage_lines(self._view, width), id="body")
        yield Lines(lambda width: [key_line(_KEYS, width)], id="keys")

    @property
    def menu(self) -> Menu:
        """The runbooks."""
        return self.query_one("#body", Menu)

    def on_mount(self) -> None:
        """Put the cursor on the runbook that fits best."""
        frame_if_drill(self)
        self.menu.title(triage_title(self._view))
        self.call_after_refresh(self._point)

    def _point(self) -> None:
        """Put the cursor on the first runbook, if it is on none."""
        if self.menu.cursor not in self.menu.keys and self.menu.keys:
            self.menu.point_at(self.menu.keys[0])

    def show(self, view: View) -> None:
        """Renew the reasons."""
        self._view = view
        self.menu.title(triage_title(view))
        self.menu.show(lambda width: triage_lines(self._view, width))

    def action_take(self) -> None:
        """Ask for the inputs of the runbook under the cursor, or whether it is the one; then take it up."""
        # In the newest view: fits may have been judged anew since the row was drawn.
        runbook = next((fit.runbook for fit in self._view.fits if fit.runbook.name == self.menu.cursor), None)
        if runbook is None:
            return
        if inputs_to_ask(runbook):
            self.app.push_screen(InputsModal(runbook), lambda given: self._take(runbook, given))
            return
        asked = Pick(line(strong(f"Take up {runbook.name}")), self._meaning(runbook), {"y": "take it up"})
        self.app.push_screen(asked, lambda key: self._take(runbook, {} if key else None))

    def _meaning(self, runbook: Runbook) -> list[Line]:
        """Return what taking it up means."""
        lines = [line(runbook.summary), line("Nothing runs by that: each step waits for you.")]
        present = self._view.session.runbook
        if present is not None:
            lines.append(line(Span(f"It takes the place of {present.name}; what that one did stays done.", Role.WARN)))
        return lines

    def _take(self, runbook: Runbook, given: dict[str, object] | None) -> None:
        """Hand the runbook to the app and go back; None is a no."""
        if given is not None:
            # Before it is dismissed: a screen that closes sends nothing any more.
            self.post_message(RunbookTaken(runbook, given))
            self.dismiss()
