"""What follows by itself from how a session stands: steps that are offered, and steps that do not apply.

Owns judging a step's `when`. Must never confirm anything: an offer waits for a person.
"""

from collections.abc import Mapping
from typing import Any

from haops.core import events as ev
from haops.core.conditions import Expression
from haops.core.session_state import Session
from haops.core.states import StepState


def offered(session: Session, step_id: str, known: Mapping[str, Any]) -> ev.StepOffered | ev.StepSkipped | None:
    """Return what becomes of a ready step: an offer, a skip if its condition is false, nothing if that is not known."""
    # An offer just before has advanced the session already.
    if session.runbook is None or session.steps[step_id].state is not StepState.READY:
        return None
    when = session.runbook.step(step_id).when
    if when is None or when.holds(known):
        return ev.StepOffered(step=step_id)
    return _skipped(step_id, when, known) if when.holds(known) is False else None


def closed_by_decisions(session: Session) -> tuple[ev.StepSkipped, ...]:
    """Return skips of pending steps whose branch was decided against, so that nothing waits for what is not taken."""
    if session.runbook is None:
        return ()
    # By decisions alone: facts may be others when the step's turn comes.
    succeeded = session.in_state(StepState.SUCCEEDED)
    decided = {step: session.values[step] for step in succeeded if step in session.values}
    pending = [session.runbook.step(step_id) for step_id in session.in_state(StepState.PENDING)]
    return tuple(
        _skipped(step.id, step.when, decided) for step in pending if step.when and step.when.holds(decided) is False
    )


def _skipped(step_id: str, when: Expression, known: Mapping[str, Any]) -> ev.StepSkipped:
    return ev.StepSkipped(step=step_id, by="condition", reason=f"{when.text} is false ({when.explain(known)})")
