"""The application: routes messages between screens and the running session, and owns nothing of either.

Steps run in the session's own threads, never here. A change of the session becomes one coalesced message; the screen is
renewed at once, but at most every 100 ms, and once a second for ages. What a person asks for is handed over in a
thread: its record has to reach the disk first.
"""

from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.css.query import NoMatches

from haops.errors import HaopsError
from haops.ui.actions import ALWAYS, APP_ACTIONS
from haops.ui.bindings import bindings
from haops.ui.messages import (
    CommandAnswered,
    CommandGiven,
    LeftSession,
    LookedAgain,
    RunbookTaken,
    SessionChanged,
    SessionNotOpened,
    SessionOpened,
    StartChosen,
)
from haops.ui.output import one_line
from haops.ui.palette import palette
from haops.ui.personal import PersonalApp
from haops.ui.presenters.notices import done_words, error_text
from haops.ui.screens.first import opening_screen, session_screen, session_screens, start_screen
from haops.ui.screens.watching import Watching
from haops.ui.settings import UiSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.command import Provider
    from textual.screen import Screen
    from textual.timer import Timer

    from haops.core.commands import Command
    from haops.core.decide import Refusal
    from haops.runtime.live import LiveSession
    from haops.ui.sources import Opening, StartChoice, StartSource, TimelineSource  # noqa: F401 - ruff does not read the quoted base

REFRESH_S, GATHER_S, TICK_S = 0.1, 0.01, 1.0
FIRST_SCREEN = 2
"""How deep the stack of screens is while the first screen is on top; the toolkit's own empty one lies below."""


class HaopsApp(PersonalApp["StartChoice | None"]):
    """The full screen.

    With `live` it shows that session, with `opening` one that is opened while the first frame stands; with `start` it
    returns what was chosen on the start screen.
    Whoever runs it leaves the session afterwards if `has_left` is not set: a lost terminal leaves nobody to do it here.
    `failed` is why a session could not be opened.
    """

    CSS_PATH = "haops.tcss"
    TITLE = "haops"
    COMMANDS: ClassVar["set[type[Provider] | Callable[[], type[Provider]]]"] = {palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(action for action in APP_ACTIONS if action not in ALWAYS),
        *bindings(ALWAYS, priority=True),
    ]

    def __init__(
        self,
        live: "LiveSession | None" = None,
        opening: "Opening | None" = None,
        start: "StartSource | None" = None,
        timeline: "TimelineSource | None" = None,
        settings: UiSettings | None = None,
    ) -> None:
        super().__init__(settings)
        self.live = live
        self.opening = opening
        self.start = start
        self.timeline = timeline
        self.has_left = False
        self.failed: Exception | None = None
        self._due: Timer | None = None
        self._renewed_s = 0.0

    def on_mount(self) -> None:
        """Show the first screen."""
        if self.live is not None:
            self._show_session(self.live, self.push_screen)
        elif self.opening is not None:
            self.set_class(self.opening.is_drill, "-drill")
            self.push_screen(opening_screen(self.opening))
        elif self.start is not None:
            self.push_screen(start_screen(self.start))
        self.call_after_refresh(self.take_keymap)

    def on_session_opened(self, message: SessionOpened) -> None:
        """Show the session that has been opened."""
        self.live = message.live
        self._show_session(message.live, self.switch_screen)

    def on_session_not_opened(self, message: SessionNotOpened) -> None:
        """End: there is nothing to show. Whoever ran the app says why."""
        self.failed = message.error
        self.exit()

    def _show_session(self, live: "LiveSession", show: "Callable[[Screen[None]], object]") -> None:
        """Show a session, and listen to it."""
        view = live.view()
        self.set_class(view.is_drill, "-drill")
        show(session_screen(view, live, self.timeline, self.settings.reading_time_s))
        live.subscribe(self._note_change)
        self.set_interval(TICK_S, self.renew)

    def _note_change(self) -> None:
        """Have the screen renewed soon; called from the session's threads, also after the screen is gone."""
        self.post_message(SessionChanged())

    def on_start_chosen(self, message: StartChosen) -> None:
        """End with what was chosen: whoever ran the app goes on with it."""
        self.exit(message.choice)

    def on_looked_again(self, message: LookedAgain) -> None:
        """Have everything observed afresh."""
        del message
        if self.live is not None:
            self.live.look_again()

    async def on_event(self, event: events.Event) -> None:
        """Let nothing that acts or hides come in by way of a paste."""
        if isinstance(event, events.Paste):
            event.text = one_line(event.text)
        await super().on_event(event)

    def on_session_changed(self) -> None:
        """Renew the screen soon, together with whatever else changes until then."""
        if self._due is None:
            due_in_s = self._renewed_s + REFRESH_S - monotonic()
            self._due = self.set_timer(max(due_in_s, GATHER_S), self.renew)

    def renew(self) -> None:
        """Show every screen the session as it is now."""
        self._due = None
        self._renewed_s = monotonic()
        if self.live is None:
            return
        view = self.live.view()
        for screen in self.screen_stack:
            if isinstance(screen, Watching):
                with suppress(NoMatches):  # the last tick may find a screen whose widgets are gone already
                    screen.show(view)
        if self.screen_stack and self.screen_stack[-1].is_modal:
            # The toolkit does not draw single lines that change on a framed screen below a question.
            self.screen_stack[-1].refresh()

    def on_command_given(self, message: CommandGiven) -> None:
        """Carry out what the operator asked for; a screen that is served over the network confirms nothing."""
        from haops.core.commands import Confirm  # noqa: PLC0415 - who gives a command has loaded it

        if self.is_web and isinstance(message.command, Confirm):
            self.tell("critical", "Nothing is confirmed over a served screen. Confirm on the bastion's own terminal.")
            return
        self._in_thread(partial(self._submit, message.command), done_words(message.command))

    def on_runbook_taken(self, message: RunbookTaken) -> None:
        """Take up the runbook that was chosen."""
        self._in_thread(partial(self._choose, message))

    def _in_thread(self, work: "Callable[[], Refusal | None]", done: str = "") -> None:
        """Run something that waits for the disk, and report what the session says: its refusal, or `done`."""

        def run() -> None:
            """Do the work; its answer comes as a message."""
            try:
                refusal = work()
            except HaopsError as error:
                self.post_message(CommandAnswered(error_text(error)))
            else:
                self.post_message(CommandAnswered(str(refusal) if refusal else "", done))

        self.run_worker(run, thread=True, group="commands", exit_on_error=False)

    def _submit(self, command: "Command") -> "Refusal | None":
        """Hand a command to the session."""
        return self.live.submit(command) if self.live else None

    def _choose(self, taken: RunbookTaken) -> "Refusal | None":
        """Take up a runbook."""
        return self.live.choose_runbook(taken.runbook, taken.inputs) if self.live else None

    def on_command_answered(self, message: CommandAnswered) -> None:
        """Say why something was refused, or that it was done where nothing else would show it."""
        if message.refusal:
            self.tell("critical", f"Not done: {message.refusal}")
        else:
            self.tell("notice", message.done)
        for screen in session_screens(self.screen_stack):
            screen.answered()
        self.renew()

    def tell(self, severity: str, text: str) -> None:
        """Say something below the panes; where they are not seen, also in a corner for a while."""
        screens = session_screens(self.screen_stack)
        for screen in screens:
            screen.tell(severity, text)
        if text and self.screen not in screens:
            self.notify(one_line(text), markup=False, timeout=10)

    def on_left_session(self, message: LeftSession) -> None:
        """Leave the session, then the screen."""
        del message
        self.run_worker(self._leave, thread=True, exit_on_error=False)

    def _leave(self) -> None:
        """Have the session write down that the operator leaves."""
        self.has_left = True
        if self.live is not None:
            self.live.leave("left")
        self.call_from_thread(self.exit)

    def action_help(self) -> None:
        """Explain what has the focus, and list the keys."""
        from haops.ui.screens.help import HelpScreen, help_for  # noqa: PLC0415 - after the first frame

        if not isinstance(self.screen, HelpScreen):
            in_session = bool(session_screens(self.screen_stack))
            self.push_screen(help_for(self.screen, self.keymap, in_session=in_session))

    @property
    def moment(self) -> int:
        """How far the session's journal is."""
        return self.live.view().journal_events if self.live else 0

    def action_leave(self) -> None:
        """Ask before leaving a session; say no to a question; leave the start screen at once."""
        if len(self.screen_stack) > FIRST_SCREEN:
            self.screen.dismiss(None)
        elif screens := session_screens(self.screen_stack):
            screens[0].action_intend("leave")
        else:
            self.has_left = True
            self.exit()
