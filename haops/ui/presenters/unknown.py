"""What is known and what is not about an attempt whose outcome is unknown, and how it is settled."""

from haops.core.runbook import Step
from haops.core.session_state import Attempt, Outcome
from haops.core.view import View
from haops.steps import kinds
from haops.ui.presenters.lines import Line, Role, Span, dim, line, strong
from haops.ui.presenters.numbers import since, span_of, time_of_day, wall

HAPPENED = "happened"
DID_NOT = "did not happen"


def unknown_attempts(view: View, step_id: str) -> tuple[Attempt, ...]:
    """Return the attempts of a step whose outcome is not known."""
    return tuple(a for a in view.session.round_attempts(step_id) if a.outcome is Outcome.UNKNOWN)


def unknown_title(attempt: Attempt) -> Line:
    """Return the title."""
    return line(Span("? UNKNOWN: ", Role.UNKNOWN), strong(f"{attempt.step} on {attempt.target}"))


def unknown_lines(view: View, attempt: Attempt) -> list[Line]:
    """Return what was observed, what is not known, and what haops does and does not do by itself."""
    step = _step(view, attempt)
    lines = [
        line(dim("Observed:  "), attempt.evidence or "nothing more was heard of it"),
        line(dim("Known:     "), _known(view, attempt)),
        line(dim("Not known: "), f"whether it ended, and whether what it changes on {attempt.target} is changed"),
        line("Nothing that needs it will run. Nothing will run it again by itself."),
        line(dim("The probe: "), _probe(step, attempt)),
    ]
    others = [other.target for other in unknown_attempts(view, attempt.step) if other.id != attempt.id]
    if others:
        lines.append(line(Span(f"Also unknown: {', '.join(others)}. They are asked about one by one.", Role.UNKNOWN)))
    return lines


def unknown_keys(attempt: Attempt) -> dict[str, str]:
    """Return the keys that settle it."""
    return {"p": f"probe {attempt.target} now", "d": "decide with a reason"}


def decide_keys() -> dict[str, str]:
    """Return the keys of the decision."""
    return {"h": f"it {HAPPENED}", "x": f"it {DID_NOT}"}


def decide_lines(attempt: Attempt) -> list[Line]:
    """Return what the decision means."""
    return [
        line(
            f"You say what {attempt.step} did on {attempt.target}; haops takes your word and writes down your reason."
        ),
        line(strong(f"It {HAPPENED}"), ": what needs it may run."),
        line(strong(f"It {DID_NOT}"), ": the step has failed; it can be tried again, rolled back or skipped."),
        line(Span("If you are not sure, esc, and look at the host first.", Role.WARN)),
    ]


def _step(view: View, attempt: Attempt) -> Step | None:
    """Return the step that the attempt is of."""
    return view.session.runbook.step(attempt.step) if view.session.runbook else None


def _known(view: View, attempt: Attempt) -> str:
    """Return what the journal says."""
    begun = wall(attempt.started_at)
    started = f"begun {time_of_day(begun)} UTC" if begun else "begun"
    seconds = since(attempt.started_at, view.now)
    ago = f", {span_of(seconds)} ago" if seconds is not None else ""
    return f"{started}{ago}; not finished when last seen"


def _probe(step: Step | None, attempt: Attempt) -> str:
    """Return what a probe does, in the words of the step's kind."""
    return kinds()[step.kind].probing(step, attempt.target) if step else "cannot tell: the runbook has no such step"
