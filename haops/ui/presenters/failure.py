"""A step that failed: the evidence, and the ways on."""

from haops.core.view import View
from haops.ui.presenters.detail import attempt_lines
from haops.ui.presenters.lines import Line, Role, Span, line, strong
from haops.ui.presenters.plans import way_back


def failure_title(step_id: str) -> Line:
    """Return the title."""
    return line(Span("✖ FAILED: ", Role.BAD), strong(step_id))


def failure_lines(view: View, step_id: str) -> list[Line]:
    """Return why it failed and how each attempt went."""
    run = view.session.steps[step_id]
    lines = [line(Span(run.reason or "it did not do what it should", Role.BAD))]
    for attempt in view.session.round_attempts(step_id):
        # Not broken here: the question does that for its own width.
        lines += attempt_lines(attempt, 10_000)
    step = view.session.runbook.step(step_id) if view.session.runbook else None
    if step:
        lines.append(line(f"Way back: {way_back(step)}."))
    return [*lines, line("Nothing that needs it will run until you choose a way on.")]


def failure_keys(view: View, step_id: str) -> dict[str, str]:
    """Return the ways on; one that the step does not have is not offered."""
    step = view.session.runbook.step(step_id) if view.session.runbook else None
    back = {"b": f"roll back with {step.rollback}"} if step and step.rollback else {}
    return {"r": "retry (asks again)", **back, "s": "skip with a reason", "o": "read the output"}
