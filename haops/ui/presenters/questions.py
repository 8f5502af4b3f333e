"""Short questions about the session itself: leave it, close it."""

from collections.abc import Mapping

from haops.core.states import FINISHED, OPEN
from haops.core.view import View
from haops.ui.presenters.lines import Line, Role, Span, line
from haops.ui.presenters.sentence import changes

LEAVE_KEYS: Mapping[str, str] = {"y": "leave"}
FINISH_KEYS: Mapping[str, str] = {"d": "done", "a": "abandoned"}


def leave_lines(view: View) -> list[Line]:
    """Return what leaving means now."""
    if not view.session.is_open:
        return [line("The session is over; its journal stays."), line(changes(view))]
    under_way = view.session.in_state(*OPEN)
    lines = [line("The session waits; haops resumes at the exact step.")]
    if under_way:
        text = f"Under way or unknown: {', '.join(under_way)}. What runs on hosts goes on without this screen."
        lines.append(line(Span(text, Role.WARN)))
    return [*lines, line(changes(view))]


def finish_lines(view: View) -> list[Line]:
    """Return what stands against closing."""
    unfinished = [name for name, run in view.session.steps.items() if run.state not in FINISHED]
    lines = [line(changes(view))]
    if unfinished:
        lines.append(line(Span(f"Not finished: {', '.join(unfinished)}.", Role.WARN)))
    return [*lines, line("done: the incident is over. abandoned: it is not, but this session is.")]
