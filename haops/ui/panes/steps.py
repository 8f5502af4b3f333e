"""The steps of the runbook: where each stands, what hangs on what."""

from haops.core.view import View
from haops.ui.panes.pane import Pane, Place
from haops.ui.presenters.header import progress
from haops.ui.presenters.lines import BLANK, Line, dim, line
from haops.ui.presenters.steps import steps_table


def _words(view: View) -> Line:
    """Return how many steps are finished."""
    return line(dim(f"{progress(view)} finished")) if view.session.runbook else BLANK


PANE = Pane(
    name="steps",
    number=1,
    title="steps",
    place=Place.MIDDLE,
    share=52,
    table=steps_table,
    source="journal",
    asked="the journal",
    explains=(
        "The runbook's steps. ▶ waits for you, ● is running, ✔ succeeded, ✖ failed, ? is unknown: whether it happened "
        "is not known. ├ ╰ mark the steps that hang on the current one. enter looks closer, y confirms, s skips with a "
        "reason. Nothing that changes anything runs without y; nothing that destroys runs without the cluster's name."
    ),
    words=_words,
    follows_cursor=True,
)
