"""The session screen: what is true, the panes, the steps, the chosen step in full, and the keys that lead on.

Owns where things stand and which pane and step are chosen. Must never decide anything about the session: keys become
messages to the app or questions to the operator (`screens.intents`).
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from haops.core.session_state import Attempt
from haops.core.view import Output, View
from haops.ui.actions import BY_ID, OFFERED, PANE_KEYS, SESSION_ACTIONS, WHEN_OVER
from haops.ui.bindings import bindings
from haops.ui.output import frame_if_drill
from haops.ui.panes import Pane, Place, all_panes
from haops.ui.presenters.detail import detail, detail_title, short_detail
from haops.ui.presenters.freshness import freshness
from haops.ui.presenters.header import header
from haops.ui.presenters.keys import key_line, shown_key
from haops.ui.presenters.lines import Line, dim, line, rows_to_width
from haops.ui.presenters.notices import notice_lines
from haops.ui.presenters.output_lines import attempt_to_show, output_tail, output_title
from haops.ui.presenters.sentence import now_lines, too_small
from haops.ui.presenters.steps import current_step
from haops.ui.presenters.tables import table_lines
from haops.ui.widgets.lines import Lines, MakeLines
from haops.ui.widgets.menu import Menu

if TYPE_CHECKING:
    from haops.core.states import StepState
    from haops.ui.sources import TimelineSource

LARGE = (118, 30)
"""From this width and height on, all panes stand side by side; below, one at a time."""
SMALLEST = (40, 10)
"""Below this only a line that says so is shown."""
SHORT_ROWS = 19
"""Below this height the chosen step's four lines give way to the pane."""
# As many as the style sheet gives #now, its frame apart.
NOW_ROWS = 3
TOLD_S = 20.0
"""How long something that was said stays."""
_OUTPUT = "output"


class SessionScreen(Screen[None]):
    """One incident or one drill."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(SESSION_ACTIONS),
        *(
            Binding(
                key, f"pane({key})", f"pane {key}", show=False, tooltip=f"go to pane {key}", id=f"session.pane_{key}"
            )
            for key in PANE_KEYS
        ),
        Binding("tab", "next_pane(1)", "next pane", show=False, tooltip="the next pane", id="session.next_pane"),
        Binding(
            "shift+tab", "next_pane(-1)", "pane before", show=False, tooltip="the pane before", id="session.pane_before"
        ),
    ]
    # The arrow keys move through the steps from the start.
    AUTO_FOCUS = "#pane-steps"

    def __init__(
        self,
        view: View,
        read_output: Callable[[str], Output],
        intend: "Callable[[SessionScreen, str], None]",
        timeline: "TimelineSource | None" = None,
        *,
        reading_time_s: float = 0.3,
    ) -> None:
        super().__init__()
        self.view = view
        self.read_output = read_output
        self._intend = intend
        self.timeline = timeline
        self.reading_time_s = reading_time_s
        self.panes = all_panes()
        self.pane_names = [*(pane.name for pane in self.panes), _OUTPUT]
        self.chosen_pane = "steps"
        self.bottom_pane = _OUTPUT
        self.is_zoomed = False
        self.output: Output | None = None
        self.read_to_end = ""
        self.told: tuple[str, str] | None = None
        self.answered_step = ""
        self._followed = ""

    def compose(self) -> ComposeResult:
        """Lay out every pane once; none is ever added or taken away."""
        # Hidden, never removed: the toolkit keeps what watched a removed widget (Textual issue 6666).
        yield Lines(self._tiny, id="tiny")
        yield Lines(self._header, id="header")
        yield Lines(self._now, id="now", classes="frame")
        with Horizontal(id="top", classes="region"):
            yield from (self._pane_widget(pane) for pane in self._in(Place.TOP))
        with Horizontal(id="middle", classes="region"):
            yield from (self._pane_widget(pane) for pane in self._in(Place.MIDDLE))
            yield Lines(self._detail, id="detail", classes="frame")
        with Horizontal(id="bottom", classes="region"):
            yield from (self._pane_widget(pane) for pane in self._in(Place.BOTTOM))
            yield Lines(self._output, id=f"pane-{_OUTPUT}", classes="frame pane")
        yield Lines(self._short, id="step", classes="frame")
        yield Lines(self._notices, id="notice")
        yield Lines(self._keys, id="keys")

    def _in(self, place: Place) -> list[Pane]:
        """Return the panes of a place."""
        return [pane for pane in self.panes if pane.place is place]

    def _pane_widget(self, pane: Pane) -> Lines:
        """Return the widget of a pane."""
        kind = Menu if pane.follows_cursor else Lines
        widget = kind(self._table_of(pane), id=f"pane-{pane.name}", classes="frame pane", marks_changes=True)
        widget.can_focus = True
        widget.styles.width = f"{pane.share}fr"
        return widget

    def _table_of(self, pane: Pane) -> MakeLines:
        """Return how a pane makes its lines from the newest view."""
        # Made in a function, so that each maker keeps its own pane and not the last one of a loop.
        return lambda width: table_lines(pane.table(self.view), width)

    def on_mount(self) -> None:
        """Begin with the current step."""
        frame_if_drill(self)
        self._arrange()
        self.show(self.view)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new size."""
        self._lay_out(*event.size)

    @property
    def _top_height(self) -> int:
        """The height that the inventory asks for: it does not change while values do."""
        rows = max((len(pane.table(self.view).rows) for pane in self._in(Place.TOP)), default=1)
        # The frame and the heading take 3; with more than 8 rows a pane scrolls, and the steps keep their room.
        return min(max(rows, 2), 8) + 3

    def _lay_out(self, width: int, height: int) -> None:
        """Mark how much room there is; the style sheet does the rest."""
        is_small = self.is_zoomed or width < LARGE[0] or height < LARGE[1]
        self.set_class(is_small, "-small")
        self.query_one("#top").styles.height = "1fr" if is_small else self._top_height
        self.set_class(height < SHORT_ROWS, "-short")
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-tiny")
        self._arrange()

    @property
    def chosen_step(self) -> str:
        """The step under the cursor."""
        return self.query_one("#pane-steps", Menu).cursor

    @property
    def chosen_state(self) -> "StepState | None":
        """Where the step under the cursor stands."""
        run = self.view.session.steps.get(self.chosen_step)
        return run.state if run else None

    @property
    def chosen_way_back(self) -> str:
        """The step that takes the chosen one back; empty without one."""
        runbook, chosen = self.view.session.runbook, self.chosen_step
        return (runbook.step(chosen).rollback or "") if runbook and chosen else ""

    def action_intend(self, name: str) -> None:
        """Ask the question that belongs to a key."""
        self._intend(self, name)

    def show(self, view: View) -> None:
        """Show the session as it is now; the cursor follows the current step until the operator moves it away."""
        self.view = view
        steps = self.query_one("#pane-steps", Menu)
        current = current_step(view)
        if steps.cursor in ("", self._followed) or steps.cursor not in view.session.steps:
            self._followed = current
            # The rows first: the cursor moves to one that has to be there.
            steps.show(self._table_of(next(pane for pane in self.panes if pane.name == "steps")))
            steps.point_at(current)
        self.renew()

    def renew(self) -> None:
        """Show everything from the newest view."""
        for pane in self.panes:
            widget = self.query_one(f"#pane-{pane.name}", Lines)
            # A pane that rests on no observation cannot be stale.
            widget.set_class(bool(pane.kinds) and freshness(self.view, pane.kinds).is_stale, "-stale")
            widget.title(line(dim(f"{pane.number} ")) + pane.heading(self.view), pane.foot(self.view))
            widget.show(self._table_of(pane))
        self._renew_rest()

    def _renew_rest(self) -> None:
        """Show header, sentence, chosen step, output and keys."""
        attempt = attempt_to_show(self.view, self.chosen_step)
        self._read_output(attempt)
        makers = {
            "tiny": self._tiny,
            "header": self._header,
            "now": self._now,
            "detail": self._detail,
            "pane-output": self._output,
            "step": self._short,
            "notice": self._notices,
            "keys": self._keys,
        }
        for name, make in makers.items():
            self.query_one(f"#{name}", Lines).show(make)
        number = self.pane_names.index(_OUTPUT) + 1
        self.query_one("#pane-output", Lines).title(line(dim(f"{number} ")) + output_title(attempt))
        self.query_one("#detail", Lines).title(detail_title(self.view, self.chosen_step))
        self.query_one("#now", Lines).title(line("DRILL" if self.view.is_drill else "NOW"))

    def _read_output(self, attempt: Attempt | None) -> None:
        """Read what an attempt has printed, for the last time after it has ended."""
        if attempt is None or attempt.id != self.read_to_end:
            self.output = self.read_output(attempt.id) if attempt else None
            self.read_to_end = attempt.id if attempt and attempt.outcome is not None else ""

    def _tiny(self, width: int) -> list[Line]:
        return too_small(self.view, width, SMALLEST)

    def _header(self, width: int) -> list[Line]:
        return [header(self.view, width)]

    def _now(self, width: int) -> list[Line]:
        return now_lines(self.view, width, NOW_ROWS)

    def _detail(self, width: int) -> list[Line]:
        return detail(self.view, self.chosen_step, width)

    def _short(self, width: int) -> list[Line]:
        return rows_to_width(short_detail(self.view, self.chosen_step, width), width)

    def _output(self, width: int) -> list[Line]:
        rows = self.query_one("#pane-output").scrollable_content_region.height
        # Before the first layout it has no height.
        return output_tail(self.output, width, max(rows, 1))

    def _notices(self, width: int) -> list[Line]:
        told = [(notice.severity, notice.text) for notice in self.view.notices]
        return notice_lines([*told, self.told] if self.told else told, width)

    def _keys(self, width: int) -> list[Line]:
        keymap: dict[str, str] = getattr(self.app, "keymap", {})
        offered = OFFERED[self.chosen_state] if self.view.session.is_open else WHEN_OVER
        actions = [BY_ID[name] for name in offered if name != "session.roll_back" or self.chosen_way_back]
        return [key_line([(shown_key(a.keys, keymap, a.id), a.words) for a in actions], width)]

    def tell(self, severity: str, text: str) -> None:
        """Say something below the panes until the next thing is said."""
        self.told = (severity, text) if text else None
        if text:
            self.set_timer(TOLD_S, partial(self._forget, self.told))
        self.query_one("#notice", Lines).show(self._notices)

    def answered(self) -> None:
        """Note that the session has taken or refused what was confirmed."""
        self.answered_step = ""

    def _forget(self, told: tuple[str, str] | None) -> None:
        """Take away what was said, unless something else was said since."""
        if self.told == told:
            self.tell("", "")

    @on(Menu.Moved)
    def _step_chosen(self) -> None:
        """Show the step under the cursor."""
        self._renew_rest()

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        if number <= len(self.pane_names):
            self._choose_pane(self.pane_names[number - 1])

    def action_next_pane(self, by: int) -> None:
        """Go to the next pane, or the one before."""
        at = self.pane_names.index(self.chosen_pane)
        self._choose_pane(self.pane_names[(at + by) % len(self.pane_names)])

    def zoom(self) -> None:
        """Show the chosen pane as in a small terminal, alone below the sentence, or everything again."""
        self.is_zoomed = not self.is_zoomed
        self._lay_out(*self.size)

    @property
    def focused_pane(self) -> Pane | None:
        """The pane that has the focus, for the help."""
        return next((pane for pane in self.panes if pane.name == self.chosen_pane), None)

    def _choose_pane(self, name: str) -> None:
        """Show a pane and give it the focus."""
        self.chosen_pane = name
        # The output is no pane of the registry, and stands at the bottom as well.
        if any(pane.name == name and pane.place is Place.BOTTOM for pane in self.panes) or name == _OUTPUT:
            self.bottom_pane = name
        self._arrange()
        self.query_one(f"#pane-{name}", Lines).focus()

    def _arrange(self) -> None:
        """Mark which panes and which region are shown; the style sheet does the rest."""
        for name in self.pane_names:
            widget = self.query_one(f"#pane-{name}", Lines)
            widget.set_class(name == self.chosen_pane, "-chosen")
            widget.set_class(name == self.bottom_pane, "-bottom")
            if name == self.chosen_pane and widget.parent is not None:
                for region in self.query(".region"):
                    region.set_class(region is widget.parent, "-holds")
