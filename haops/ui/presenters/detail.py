"""One step in full: why, where, risk, guards with live answers, what follows, the script, and how attempts went."""

from haops.core.runbook import Step
from haops.core.session_state import Attempt, StepRun
from haops.core.states import StepState
from haops.core.view import View
from haops.ui.presenters.lines import BLANK, Line, Role, Span, dim, line, paragraph, strong, wrap
from haops.ui.presenters.marks import STEP_MARKS, Mark
from haops.ui.presenters.numbers import span_of
from haops.ui.presenters.plans import (
    AFTER_A_LOST_CONNECTION,
    afterwards,
    guard_lines,
    own_variables,
    scripts,
    standard_variables,
    summary,
)
from haops.ui.presenters.steps import standing, step_number, undecided

OUTCOME_MARKS = {
    "succeeded": STEP_MARKS[StepState.SUCCEEDED],
    "failed": STEP_MARKS[StepState.FAILED],
    "unknown": STEP_MARKS[StepState.UNKNOWN],
    "not_started": Mark("-", "not started", Role.WARN),
}
"""How the outcome of an attempt is shown."""
# `{back}` is filled in only where the step has a way back.
_WAYS_ON = {
    StepState.FAILED: "What next: r retry · {back}s skip it with a reason",
    StepState.UNKNOWN: "What next: enter, then p probe or d decide",
    StepState.AWAITING_CONFIRMATION: "What next: y to see and confirm it · s skip it with a reason",
    StepState.READY: "What next: it is offered once that is known · s skip it with a reason",
    StepState.BLOCKED: "What next: settle what it needs first; esc and choose that step",
}


def detail_title(view: View, step_id: str) -> Line:
    """Return the step's number, id and title."""
    step = _step(view, step_id)
    return line(strong(f"{step_number(view, step_id)} {step.id}"), f"  {step.title}") if step else line("step")


def detail(view: View, step_id: str, width: int) -> list[Line]:
    """Return everything about a step that matters before and after it runs, most important first."""
    step = _step(view, step_id)
    if step is None:
        return paragraph(
            "Press t: triage shows which runbook fits, and why. Nothing runs before you confirm it.", width
        )
    run, plan = view.session.steps[step_id], view.plans.get(step_id)
    lines = [*wrap(summary(step, plan, run.targets), width), *_present(view, step, run, width)]
    lines += paragraph(step.why, width, label="Why: ") if step.why else []
    if plan:
        lines += paragraph(plan.problem, width, Role.BAD, label="Cannot run now: ") if plan.problem else []
        lines += [*_guards(guard_lines(plan, width)), *afterwards(step, width)]
        lines += [*scripts(plan, width), *own_variables(plan.targets, width)]
        return [*lines, *_options(len(plan.options), width)]
    return [*lines, *afterwards(step, width)]


def full_detail(view: View, step_id: str, width: int) -> list[Line]:
    """Return the detail with every variable and what a lost connection would mean."""
    step, plan = _step(view, step_id), view.plans.get(step_id)
    if step is None:
        return detail(view, step_id, width)
    lines = [*detail(view, step_id, width), *paragraph(AFTER_A_LOST_CONNECTION[step.effect], width)]
    if step.probe:
        lines += paragraph(step.probe, width, label="Probe: ")
    if plan:
        lines += [BLANK, line(strong("Standard variables")), *standard_variables(plan.targets, width)]
    return lines


def short_detail(view: View, step_id: str, width: int) -> list[Line]:
    """Return a step in at most four lines, for a small terminal: name, what it is, where it stands, what next."""
    step = _step(view, step_id)
    if step is None:
        return detail(view, step_id, width)[:4]
    run = view.session.steps[step_id]
    mark = STEP_MARKS[run.state]
    head = line(mark.span, " ") + detail_title(view, step_id)
    reason = undecided(view, step, run) or run.reason or step.why
    state = line(Span(standing(view, step, run), mark.role), f"  {reason}" if reason else "")
    next_up = _way_on(view, step, run) or "enter: the exact script, guards and attempts"
    return [head, summary(step, view.plans.get(step_id), run.targets), state, line(Span(next_up, Role.KEY))]


def _step(view: View, step_id: str) -> Step | None:
    """Return a step of the session's runbook, or None."""
    steps = view.session.runbook.steps if view.session.runbook else ()
    return next((step for step in steps if step.id == step_id), None)


def _present(view: View, step: Step, run: StepRun, width: int) -> list[Line]:
    """Return where the step stands, the attempts of its round, and what can be done."""
    mark = STEP_MARKS[run.state]
    lines = [line(mark.span, " ", Span(standing(view, step, run), mark.role))] if run.state in _SPEAKING else []
    if run.reason and run.state in _SPEAKING:
        lines += paragraph(run.reason, width, mark.role)
    for attempt in view.session.round_attempts(step.id):
        lines += attempt_lines(attempt, width)
    waits_for = undecided(view, step, run)
    if waits_for:
        lines += paragraph(waits_for, width, Role.UNKNOWN, label="Not known yet whether it applies: ")
    way_on = _way_on(view, step, run)
    return [*lines, line(Span(way_on, Role.KEY))] if way_on else lines


def _way_on(view: View, step: Step, run: StepRun) -> str:
    """Return the keys that lead on, or nothing; what a step does not have is not offered."""
    # One that waits for nothing is offered in the same moment.
    if run.state is StepState.READY and not undecided(view, step, run):
        return ""
    back = "b roll back · " if step.rollback else ""
    return _WAYS_ON.get(run.state, "").replace("{back}", back)


_SPEAKING = frozenset(StepState) - {StepState.PENDING, StepState.READY}


def attempt_lines(attempt: Attempt, width: int) -> list[Line]:
    """Return how an attempt on one target went, with the evidence."""
    mark = OUTCOME_MARKS[attempt.outcome] if attempt.outcome else Mark("●", attempt.stage.value, Role.ACCENT)
    status = f", exit status {attempt.exit_status}" if attempt.exit_status is not None else ""
    took = f", {span_of(attempt.duration_ms / 1000)}" if attempt.duration_ms else ""
    settled = f", settled by {attempt.settled_by}" if attempt.settled_by else ""
    head = line(f"  {attempt.target}  ", mark.both, f"{status}{took}{settled}")
    evidence = f": {attempt.evidence}" if attempt.evidence else ""
    return wrap(head + line(evidence), width, indent="    ")


def _guards(lines: list[Line]) -> list[Line]:
    """Return guards behind their heading."""
    return [line(dim("Guards, as they are now")), *lines] if lines else []


def _options(number: int, width: int) -> list[Line]:
    """Say that the step is a decision; its answers are on their own screen."""
    return paragraph(f"A decision with {number} answers: enter shows each with what it loses.", width) if number else []
