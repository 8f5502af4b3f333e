"""The application: routes messages between screens and the running session, and owns nothing of either.

Steps run in the session's own threads, never here. A change of the session becomes one coalesced message; the screen is
renewed at most every 100 ms, and once a second for ages. What a person asks for is handed over in a thread, because its
record has to reach the disk first.
"""

from functools import partial
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.timer import Timer

from haops.core.commands import Command, Confirm
from haops.errors import HaopsError
from haops.runtime.live import LiveSession
from haops.runtime.paths import find_file
from haops.ui.actions import APP_ACTIONS
from haops.ui.bindings import bindings
from haops.ui.keymap import load_keymap
from haops.ui.messages import CommandAnswered, CommandGiven, LeftSession, LookedAgain, RunbookTaken, SessionChanged
from haops.ui.picture import write_picture
from haops.ui.presenters.freshness import sources
from haops.ui.presenters.help import help_lines
from haops.ui.presenters.lines import line, strong
from haops.ui.screens.session import SessionScreen
from haops.ui.screens.start import StartScreen
from haops.ui.screens.viewer import Viewer
from haops.ui.screens.watching import Watching
from haops.ui.settings import UiSettings
from haops.ui.sources import StartChoice, StartSource, TimelineSource
from haops.ui.themes import FALLBACK, load_theme

REFRESH_S = 0.1
TICK_S = 1.0


class HaopsApp(App[StartChoice | None]):
    """The full screen. With `live` it shows that session; with `start` it returns what was chosen on the start screen.

    Whoever runs it calls `live.leave` afterwards if `has_left` is not set: a lost terminal leaves nobody to do it here.
    """

    CSS_PATH = "haops.tcss"
    TITLE = "haops"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(APP_ACTIONS),
        Binding("ctrl+q,ctrl+c", "leave", "leave", show=False, id="app.leave", tooltip="leave", priority=True),
    ]

    def __init__(
        self,
        live: LiveSession | None = None,
        start: StartSource | None = None,
        timeline: TimelineSource | None = None,
        settings: UiSettings | None = None,
    ) -> None:
        self.settings = settings or UiSettings()
        super().__init__()
        self.live = live
        self.start = start
        self.timeline = timeline
        self.has_left = False
        self.keymap: dict[str, str] = {}
        self._due: Timer | None = None
        self.animation_level = "full" if self.settings.animations else "none"
        self._take_theme()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that the style sheet needs, whatever the theme."""
        return dict(FALLBACK)

    def _take_theme(self) -> None:
        """Use the theme that is set; a bad one is a warning and the fallback."""
        try:
            theme = load_theme(find_file(self.settings.theme, "themes", self.settings.theme_directory))
        except HaopsError as error:
            self.call_later(self._tell, "warning", str(error).replace("\n", "  "))
            return
        self.register_theme(theme)
        self.theme = theme.name

    def on_mount(self) -> None:
        """Show the first screen, and listen to the session."""
        if self.live is not None:
            self.push_screen(self._session_screen(self.live))
            self._unsubscribe = self.live.subscribe(lambda: self.post_message(SessionChanged()))
            self.set_interval(TICK_S, self._refresh)
        elif self.start is not None:
            self.push_screen(StartScreen(self.start))
        self.call_after_refresh(self._take_keymap)

    def _session_screen(self, live: LiveSession) -> SessionScreen:
        """Return the screen of the session."""
        return SessionScreen(live.view(), live.output, self.timeline, reading_time_s=self.settings.reading_time_s)

    def _take_keymap(self) -> None:
        """Use the user's own keys; a bad keymap is a warning and the default keys."""
        file = self.settings.keymap_file
        if file is None or not file.is_file():
            return
        try:
            self.keymap = load_keymap(file)
        except HaopsError as error:
            self._tell("warning", str(error).replace("\n", "  "))
            return
        self.set_keymap(self.keymap)
        self._refresh()

    def on_start_screen_chosen(self, message: StartScreen.Chosen) -> None:
        """End with what was chosen: whoever ran the app goes on with it."""
        self.exit(message.choice)

    def on_looked_again(self, message: LookedAgain) -> None:
        """Have everything observed afresh."""
        del message
        if self.live is not None:
            self.live.look_again()

    def on_session_changed(self) -> None:
        """Renew the screen soon, together with whatever else changes until then."""
        if self._due is None:
            self._due = self.set_timer(REFRESH_S, self._refresh)

    def _refresh(self) -> None:
        """Show every screen the session as it is now."""
        self._due = None
        if self.live is None:
            return
        view = self.live.view()
        for screen in self.screen_stack:
            if isinstance(screen, Watching):
                screen.show(view)

    def on_command_given(self, message: CommandGiven) -> None:
        """Carry out what the operator asked for; a screen that is served over the network confirms nothing."""
        if self.is_web and isinstance(message.command, Confirm):
            self._tell("critical", "Nothing is confirmed over a served screen. Confirm on the bastion's own terminal.")
            return
        self._in_thread(partial(self._submit, message.command))

    def on_runbook_taken(self, message: RunbookTaken) -> None:
        """Take up the runbook that was chosen."""
        self._in_thread(partial(self._choose, message))

    def _in_thread(self, work: partial[None]) -> None:
        """Run something that waits for the disk."""
        self.run_worker(work, thread=True, group="commands", exit_on_error=False)

    def _submit(self, command: Command) -> None:
        """Hand a command to the session and report what it says."""
        try:
            refusal = self.live.submit(command) if self.live else None
        except HaopsError as error:
            self.post_message(CommandAnswered(str(error)))
            return
        self.post_message(CommandAnswered(str(refusal) if refusal else ""))

    def _choose(self, taken: RunbookTaken) -> None:
        """Take up a runbook and report what the session says."""
        try:
            refusal = self.live.choose_runbook(taken.runbook, taken.inputs) if self.live else None
        except HaopsError as error:
            self.post_message(CommandAnswered(str(error)))
            return
        self.post_message(CommandAnswered(str(refusal) if refusal else ""))

    def on_command_answered(self, message: CommandAnswered) -> None:
        """Say why something was refused, or nothing."""
        self._tell("critical", message.refusal and f"Not done: {message.refusal}")
        self._refresh()

    def _tell(self, severity: str, text: str) -> None:
        """Say something on the session screen."""
        for screen in self.screen_stack:
            if isinstance(screen, SessionScreen):
                screen.tell(severity, text)

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
        screen = self.screen
        pane = screen.focused_pane if isinstance(screen, SessionScreen) else None
        seen = sources(screen.view, pane.kinds) if isinstance(screen, SessionScreen) and pane else ()
        if not isinstance(screen, Viewer):
            viewer = Viewer(line(strong("help")), lambda _view, width: help_lines(pane, self.keymap, seen, width))
            self.push_screen(viewer)

    def action_picture(self) -> None:
        """Write what is on the screen to an SVG file that needs no network."""
        file = self.settings.pictures_directory / f"haops-{self.screen_name}.svg"
        try:
            write_picture(self.export_screenshot(title="haops"), file)
        except HaopsError as error:
            self._tell("warning", str(error))
            return
        self._tell("notice", f"The picture is in {file}")

    @property
    def screen_name(self) -> str:
        """A name for a picture of what is on the screen: the screen's kind and the number of events so far."""
        events = f"-{self.live.view().journal_events}" if self.live else ""
        return f"{type(self.screen).__name__.lower()}{events}"

    def action_leave(self) -> None:
        """Ask before leaving a session; leave anything else at once."""
        screen = next((screen for screen in self.screen_stack if isinstance(screen, SessionScreen)), None)
        if screen is None:
            self.exit()
        elif self.screen is screen:
            screen.action_leave()
