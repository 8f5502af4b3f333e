"""The steps of a runbook as rows: mark of the graph, glyph, number, name, where it stands, how risky, how long.

Owns which step the operator should look at first. Must never decide what may run (`core.decide` does).
"""

from haops.core.graph import dependents, needs_of
from haops.core.runbook import Step
from haops.core.session_state import StepRun
from haops.core.states import LOST, StepState
from haops.core.view import View
from haops.ui.presenters.lines import Role, Span
from haops.ui.presenters.marks import RISK_ROLES, STEP_MARKS
from haops.ui.presenters.numbers import since, tight_span
from haops.ui.presenters.tables import Column, Row, Table

COLUMNS = (
    Column(title="", width=1),
    Column(title="", width=1),
    Column(title="", width=2, right=True),
    Column(title="step", width=16, wants=24),
    Column(title="", width=13, grows=True),
    Column(title="", width=8, right=True, volatile=True),
)
_FIRST = (
    StepState.UNKNOWN,
    StepState.FAILED,
    StepState.RUNNING,
    StepState.VERIFYING,
    StepState.AWAITING_CONFIRMATION,
    StepState.READY,
    StepState.BLOCKED,
    StepState.PENDING,
)
"""In which order states draw attention: what is not known first."""


def current_step(view: View) -> str:
    """Return the step that needs the operator most, or the last one when all are finished; empty without a runbook."""
    for state in _FIRST:
        found = view.session.in_state(state)
        if found:
            return found[0]
    return next(reversed(list(view.session.steps)), "")


def step_number(view: View, step_id: str) -> int:
    """Return a step's place in the runbook, from 1."""
    return list(view.session.steps).index(step_id) + 1


def steps_table(view: View) -> Table:
    """Return every step in runbook order."""
    runbook = view.session.runbook
    if runbook is None:
        return Table(COLUMNS, (), "No runbook yet. Press t: triage shows which one fits, and why.")
    hanging = _hanging(view)
    rows = (_row(view, step, view.session.steps[step.id], hanging) for step in runbook.steps)
    return Table(COLUMNS, tuple(rows))


def _hanging(view: View) -> tuple[str, ...]:
    """Return the unfinished steps that hang on the current one."""
    runbook = view.session.runbook
    later = dependents(needs_of(runbook.steps if runbook else ()), current_step(view))
    return tuple(step for step in later if view.session.steps[step].state in (StepState.PENDING, StepState.BLOCKED))


def _row(view: View, step: Step, run: StepRun, hanging: tuple[str, ...]) -> Row:
    """Return one step's row."""
    mark = STEP_MARKS[run.state]
    branch = "" if step.id not in hanging else "╰" if step.id == hanging[-1] else "├"
    name = Role.STRONG if run.state is StepState.AWAITING_CONFIRMATION else Role.PLAIN
    cells = (
        Span(branch, Role.DIM),
        mark.span,
        Span(str(step_number(view, step.id)), Role.DIM),
        Span(step.id, name),
        Span(standing(view, step, run), mark.role),
        _last_cell(view, step, run),
    )
    return Row(step.id, cells)


def _last_cell(view: View, step: Step, run: StepRun) -> Span:
    """Return how long it took, once it has begun; before, how much it can hurt."""
    took = duration(view, run)
    return Span(took, Role.DIM) if took else Span(step.risk.value, RISK_ROLES[step.risk])


def standing(view: View, step: Step, run: StepRun) -> str:
    """Return where a step stands, in a few words."""
    if run.state in (StepState.PENDING, StepState.BLOCKED):
        word = "blocked by" if run.state is StepState.BLOCKED else "needs"
        return f"{word} {_open_needs(view, step, run.state)}"
    if run.undoes and run.state is StepState.AWAITING_CONFIRMATION:
        return f"waits for you: takes back {run.undoes}"
    # A decision's reason is the answer that was taken.
    if step.kind == "choose" and run.state is StepState.SUCCEEDED:
        return run.reason
    return "condition unknown" if undecided(view, step, run) else STEP_MARKS[run.state].word


def undecided(view: View, step: Step, run: StepRun) -> str:
    """Return the condition, with its values, for which a step waits that is ready; nothing if it waits for none."""
    if run.state is not StepState.READY or step.when is None or step.when.holds(view.facts) is not None:
        return ""
    return f"{step.when.text} ({step.when.explain(view.facts)})"


def _open_needs(view: View, step: Step, state: StepState) -> str:
    """Return the numbers of the steps that this one waits for, or is blocked by."""
    states = {need: view.session.steps[need].state for need in step.needs}
    blocking = [need for need, found in states.items() if found in LOST] if state is StepState.BLOCKED else []
    waiting = [need for need, found in states.items() if found not in (StepState.SUCCEEDED, StepState.SKIPPED)]
    return ", ".join(str(step_number(view, need)) for need in blocking or waiting or step.needs)


def duration(view: View, run: StepRun) -> str:
    """Return how long a step took, or has been going on."""
    begun = since(run.started_at, view.now)
    # A step that waits again still has its last times: they say nothing about what is asked now.
    if begun is None or run.state in _NOT_BEGUN:
        return ""
    ended = since(run.ended_at, view.now)
    if ended is not None:
        # Both count back from now: the difference is what lies between them.
        return tight_span(begun - ended)
    # Whole seconds while it grows: tenths would only flicker.
    return tight_span(int(begun)) if run.state in _UNDER_WAY else ""


_NOT_BEGUN = (StepState.PENDING, StepState.READY, StepState.BLOCKED, StepState.AWAITING_CONFIRMATION)
_UNDER_WAY = (StepState.RUNNING, StepState.VERIFYING)
