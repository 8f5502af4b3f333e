"""Everything that a key can do: one registry for bindings, key line, help, palette and the user's own keymap.

Owns names, default keys and words, and where in the key line an action is offered. Must never carry anything out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from haops.core.states import StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do. `id` is its name in a keymap, `keys` its default keys (comma between), `calls` what is called.

    `words` stand in the key line, `explains` in the help, `title` in the palette (`noun: verb`).
    """

    id: str
    keys: str
    calls: str
    words: str
    title: str
    explains: str


def _session(name: str, keys: str, words: str, title: str, explains: str) -> Action:
    """Return an action of the session screen."""
    # One method of the screen for all: what belongs to a name is looked up, and loaded, with the first key.
    calls = f"intend('{name}')"
    return Action(id=f"session.{name}", keys=keys, calls=calls, words=words, title=title, explains=explains)


SESSION_ACTIONS: tuple[Action, ...] = (
    _session("look", "enter", "look closer", "step: look closer", "everything about the chosen step; never runs it"),
    _session("confirm", "y", "confirm…", "step: confirm", "see exactly what would run, then confirm it or not"),
    _session("skip", "s", "skip…", "step: skip with a reason", "leave the chosen step out; the reason is recorded"),
    _session("retry", "r", "retry…", "step: try again", "open a failed step again; it is confirmed again"),
    _session("roll_back", "b", "roll back…", "step: roll back", "take the chosen step back by its way back"),
    _session(
        "cancel", "c", "cancel…", "step: ask a running attempt to end", "ask what runs to end; its probe says if it did"
    ),
    _session("note", "n", "note…", "note: write down", "write something into the journal"),
    _session(
        "triage",
        "t",
        "triage",
        "triage: which runbook fits",
        "runbooks in order of fit, with what speaks for and against",
    ),
    _session("timeline", "l", "timeline", "timeline: what happened so far", "everything that happened, in order"),
    _session("output", "o", "output", "output: read it all", "the whole output of the chosen step"),
    _session("look_again", "u", "look again", "panes: look again now", "have everything observed afresh now"),
    _session("zoom", "z", "zoom", "pane: zoom", "the focused pane on the whole screen, and back"),
    _session("finish", "f", "finish…", "session: close", "end the session as done or abandoned"),
    _session("leave", "q", "leave…", "session: leave", "leave the screen; the session waits and can be resumed"),
)
APP_ACTIONS: tuple[Action, ...] = (
    Action(
        id="app.help",
        # Both: a terminal may keep F1 for its own help.
        keys="question_mark,f1",
        calls="app.help",
        words="help",
        title="help: explain this",
        explains="explain what has the focus, and list the keys",
    ),
    Action(
        id="app.palette",
        keys="colon,ctrl+p",
        calls="command_palette",
        words="command",
        title="palette: all commands",
        explains="every command by name",
    ),
    Action(
        id="app.picture",
        keys="ctrl+s",
        calls="app.picture",
        words="picture",
        title="screen: save a picture",
        explains="write what is on the screen to an SVG file",
    ),
    Action(
        id="app.leave",
        # Left to the toolkit, one ends without a question and the other copies text.
        keys="ctrl+q,ctrl+c",
        calls="leave",
        words="leave",
        title="screen: leave",
        explains="out of a question with a no; on the session screen, leave",
    ),
)
ON_QUESTIONS: tuple[Action, ...] = tuple(action for action in APP_ACTIONS if action.id in ("app.help", "app.picture"))
"""What its keys do on a question too; neither answers it."""
ALWAYS: tuple[Action, ...] = tuple(action for action in APP_ACTIONS if action.id == "app.leave")
"""What its keys do whatever has the focus."""
PANE_KEYS = "123456789"
"""Pane number n has key n; these are not in the keymap."""
ALL_ACTIONS: tuple[Action, ...] = (*SESSION_ACTIONS, *APP_ACTIONS)
BY_ID: Mapping[str, Action] = {action.id: action for action in ALL_ACTIONS}

WHEN_OVER = ("session.look", "session.output", "session.timeline", "app.palette", "session.leave")
"""Which actions the key line offers when the session is over: nothing can be changed any more."""
_FINISHED = (
    "session.look",
    "session.finish",
    "session.note",
    "session.timeline",
    "app.palette",
    "session.leave",
)
# The last of each leads out: the key line shows it whatever else gives way.
OFFERED: Mapping[StepState | None, tuple[str, ...]] = {
    None: ("session.triage", "session.note", "session.timeline", "session.look_again", "app.palette", "session.leave"),
    StepState.AWAITING_CONFIRMATION: (
        "session.look",
        "session.confirm",
        "session.skip",
        "session.note",
        "app.palette",
        "session.leave",
    ),
    StepState.FAILED: (
        "session.look",
        "session.retry",
        "session.roll_back",
        "session.skip",
        "app.palette",
        "session.leave",
    ),
    # Settled first, by enter: neither a retry nor a skip may come before that.
    StepState.UNKNOWN: (
        "session.look",
        "session.output",
        "session.note",
        "session.timeline",
        "app.palette",
        "session.leave",
    ),
    StepState.RUNNING: (
        "session.output",
        "session.cancel",
        "session.note",
        "session.timeline",
        "app.palette",
        "session.leave",
    ),
    # There is nothing to cancel any more: it has run, and what verifies it only looks.
    StepState.VERIFYING: _FINISHED,
    StepState.SUCCEEDED: _FINISHED,
    StepState.SKIPPED: (
        "session.look",
        "session.retry",
        "session.note",
        "session.timeline",
        "app.palette",
        "session.leave",
    ),
    StepState.ROLLED_BACK: (
        "session.look",
        "session.retry",
        "session.note",
        "session.timeline",
        "app.palette",
        "session.leave",
    ),
    StepState.PENDING: (
        "session.look",
        "session.skip",
        "session.note",
        "session.triage",
        "app.palette",
        "session.leave",
    ),
    StepState.READY: ("session.look", "session.skip", "session.note", "session.triage", "app.palette", "session.leave"),
    StepState.BLOCKED: (
        "session.look",
        "session.skip",
        "session.note",
        "session.triage",
        "app.palette",
        "session.leave",
    ),
}
"""Which actions the key line offers while a step in this state is chosen (None: no runbook yet)."""
