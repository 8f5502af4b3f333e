"""The header line: which cluster, real or drill, for how long, which runbook, how far, and what keeps the record."""

from haops.core.states import FINISHED
from haops.core.view import View
from haops.ui.presenters.lines import Line, Role, Span, dim, line, spread, strong
from haops.ui.presenters.numbers import clock_span, count, since


def header(view: View, width: int) -> Line:
    """Return the header, exactly as wide as the screen; the journal's part gives way first."""
    journal = f"journal {count(view.journal_events)} events"
    left = line(" haops  ", strong(view.inventory.cluster), "  ", mode(view), elapsed(view), *_runbook(view))
    right = line(dim("? help "))
    room = width - left.width - right.width - 4
    # Even that the journal is lost may give way: the sentence below begins with it.
    kept = line("   ", Span(f"JOURNAL LOST: {view.journal_lost}", Role.BAD) if view.journal_lost else dim(journal))
    return spread(left + kept if kept.width <= room else left, right, width)


def mode(view: View) -> Span:
    """Return the word DRILL or INCIDENT."""
    return Span("DRILL", Role.DRILL) if view.is_drill else Span("INCIDENT", Role.BAD)


def elapsed(view: View) -> str:
    """Return the time since the session was opened."""
    seconds = since(view.session.opened_at, view.now)
    return f" {clock_span(seconds)}" if seconds is not None else ""


def progress(view: View) -> str:
    """Return how many steps are finished: `4/11`."""
    finished = len(view.session.in_state(*FINISHED))
    return f"{finished}/{len(view.session.steps)}"


def _runbook(view: View) -> tuple[Span, ...]:
    """Return the runbook and its progress, or what to do without one."""
    if view.session.outcome:
        return (strong(f"   session over: {view.session.outcome}"),)
    if view.session.runbook is None:
        return (dim("   no runbook yet: t triage"),)
    return (strong(f"   {view.session.runbook.name}"), Span(f" {progress(view)}"))
