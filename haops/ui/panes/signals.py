"""Signals that are true now, worst first: the judgements on which the sentence and triage rest."""

from haops.core.view import View
from haops.ui.panes.pane import Pane, Place
from haops.ui.presenters.lines import BLANK, Line, Span, dim, line
from haops.ui.presenters.marks import severity_mark
from haops.ui.presenters.numbers import plural
from haops.ui.presenters.tables import Column, Row, Table

COLUMNS = (
    Column(title="", width=1),
    Column(title="severity", width=8),
    Column(title="signal", width=24),
    Column(title="what it says", width=30, grows=True),
)


def _table(view: View) -> Table:
    """Return one row for each signal."""
    rows = []
    for signal in view.signals:
        mark = severity_mark(signal.severity)
        says = "; ".join(text for text in (signal.sentence, signal.still_works) if text)
        rows.append(Row(signal.name, (mark.span, Span(mark.word, mark.role), Span(signal.name), Span(says))))
    return Table(COLUMNS, tuple(rows), "No signal is raised.")


def _words(view: View) -> Line:
    """Return how many there are."""
    return line(dim(plural(len(view.signals), "signal"))) if view.signals else BLANK


PANE = Pane(
    name="signals",
    number=6,
    title="signals",
    place=Place.BOTTOM,
    share=100,
    table=_table,
    source="judged from what is observed",
    asked="judged from what is observed",
    explains=(
        "Signals that are true now, worst and nearest to the cause first. Each is a judgement on facts with a limit "
        "whose source is known. Triage (t) weighs them for and against every runbook."
    ),
    words=_words,
)
