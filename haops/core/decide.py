"""What follows from a command: events, or a refusal with its reason.

Owns the rules of confirmation. Must never run or record anything: the engine appends what comes out of here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from haops.core import commands as cmd
from haops.core import events as ev
from haops.core.planning import GuardNow, StepPlan, needed_answer
from haops.core.runbook import Step
from haops.core.session import Outcome, Session
from haops.core.states import LOST, OPEN, StepState


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that is not carried out: why, and what to do instead. Nothing ran."""

    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        # Not `capitalize`: it would take the capitals of names.
        remedy = self.remedy[:1].upper() + self.remedy[1:]
        return f"{self.reason}. {remedy}".rstrip(". ") + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a decision may look at besides the session. `plan_of` gives a step's plan as things are now."""

    operator: str
    plan_of: Callable[[str], StepPlan]


Decision = tuple[ev.Event, ...] | Refusal


def decide(session: Session, command: cmd.Command, now: Circumstances) -> Decision:
    """Return the events that the command leads to, or why it is refused."""
    # A note may still come: what was learned late belongs into the same record.
    if not session.is_open and not isinstance(command, cmd.AddNote):
        return Refusal("the session is over", "begin a new one")
    return _decide(command, session, now)


@singledispatch
def _decide(command: cmd.Command, session: Session, now: Circumstances) -> Decision:
    """Return the decision on one kind of command; commands that change no state lead to no event here."""
    del command, session, now
    return ()


@_decide.register
def _(command: cmd.Confirm, session: Session, now: Circumstances) -> Decision:
    refusal = _not_awaiting(session, command.step)
    if refusal:
        return refusal
    # As things are now, not as they were when it was shown.
    plan = now.plan_of(command.step)
    refusal = _unfit(session, plan, command)
    if refusal:
        return refusal
    confirmed = ev.StepConfirmed(
        step=command.step,
        plan_digest=plan.digest,
        plan=plan.as_record(),
        operator=now.operator,
        how=command.answer.value,
        guards=tuple(_as_record(guard) for guard in plan.guards),
        overrides=dict(command.overrides),
    )
    return (confirmed,)


def _not_awaiting(session: Session, step_id: str) -> Refusal | None:
    """Return why a step cannot be confirmed or decided now, or None."""
    run = session.steps.get(step_id)
    if run is None:
        return Refusal(f"the runbook has no step {step_id!r}")
    if run.state is StepState.AWAITING_CONFIRMATION:
        return None
    needs = session.runbook.step(step_id).needs if session.runbook else ()
    lost = [need for need in needs if session.steps[need].state in LOST]
    because = f" because of {', '.join(lost)}" if lost else ""
    return Refusal(f"{step_id} is {run.state.value}{because}", "only a step that waits for you can be confirmed")


def _unfit(session: Session, plan: StepPlan, command: cmd.Confirm) -> Refusal | None:
    """Return why this plan may not be run on this answer, or None."""
    if plan.problem:
        return Refusal(f"{plan.step.id} cannot run: {plan.problem}")
    if plan.digest != command.plan_digest:
        return Refusal("what would run has changed since it was shown", "look at it again and confirm it anew")
    if command.answer not in needed_answer(plan.step.risk):
        return Refusal(f"a step with risk {plan.step.risk} is not confirmed by {command.answer.value}")
    return _by_itself(session, command.answer) or _guarded(plan, command.overrides)


def _by_itself(session: Session, answer: cmd.Answer) -> Refusal | None:
    """Return why an answer that nobody gave does not count, or None."""
    # By the journal's own word: nothing on a command line makes a drill of an incident.
    if answer is cmd.Answer.AUTO and (session.opened is None or session.opened.mode != "drill"):
        return Refusal("only a drill in the lab confirms by itself")
    return None


def _guarded(plan: StepPlan, overrides: Mapping[str, str]) -> Refusal | None:
    """Return which guard forbids the step, or None."""
    for guard in plan.guards:
        # None goes on: what is not known does not hold.
        if guard.holds:
            continue
        reason = overrides.get(guard.guard.that.text, "").strip()
        # Before the reason: one that was typed all the same changes nothing.
        if not guard.guard.overridable:
            return Refusal(_guard_text(guard), "this guard cannot be overridden")
        if not reason:
            return Refusal(_guard_text(guard), "mend it, or override it with a reason")
    return None


def _guard_text(guard: GuardNow) -> str:
    """Return a guard that does not hold, in words."""
    state = "is not known" if guard.holds is None else "does not hold"
    because = f": {guard.guard.because}" if guard.guard.because else ""
    return f"guard {state} on {guard.target}: {guard.guard.that.text} ({guard.values}){because}"


def held_guard(plan: StepPlan, overrides: Mapping[str, str]) -> str:
    """Return which guard does not hold at the last moment, in words, or an empty text."""
    refusal = _guarded(plan, overrides)
    return refusal.reason if refusal else ""


def _as_record(guard: GuardNow) -> dict[str, Any]:
    """Return a guard's live answer for the journal."""
    return {"that": guard.guard.that.text, "target": guard.target, "holds": guard.holds, "values": guard.values}


@_decide.register
def _(command: cmd.Choose, session: Session, now: Circumstances) -> Decision:
    refusal = _not_awaiting(session, command.step) or _by_itself(session, command.answer)
    if refusal:
        return refusal
    options = {now_open.option.value: now_open for now_open in now.plan_of(command.step).options}
    taken = options.get(command.value)
    if taken is None:
        return Refusal(f"{command.step} has no answer {command.value!r}", f"one of: {', '.join(options)}")
    if not taken.is_open:
        return Refusal(f"{command.value} is not open: {taken.values}", "take another way")
    # All of them are recorded: afterwards one asks why another way was not taken.
    offered = {value: _openness(option.is_open, option.values) for value, option in options.items()}
    chosen = ev.OptionChosen(
        step=command.step, value=command.value, operator=now.operator, offered=offered, loses=taken.loses
    )
    return (chosen,)


def _openness(is_open: bool | None, values: str) -> str:  # noqa: FBT001 - three-valued, and the only argument of note
    """Return whether an answer was open, with the values that decided it."""
    word = {True: "open", False: "closed", None: "unknown"}[is_open]
    return f"{word}: {values}" if values else word


@_decide.register
def _(command: cmd.Skip, session: Session, now: Circumstances) -> Decision:
    run = session.steps.get(command.step)
    # What is under way or unknown cannot be left out: it may happen still.
    if run is None or run.state in OPEN or run.state in (StepState.SUCCEEDED, StepState.SKIPPED):
        remedy = "only a step that has not begun, or that failed, is left out"
        return Refusal(f"{command.step} cannot be skipped as it is {_state_words(session, command.step)}", remedy)
    if not command.reason.strip():
        return Refusal("a step is skipped for a reason", "type one")
    return (ev.StepSkipped(step=command.step, by="operator", reason=command.reason, operator=now.operator),)


@_decide.register
def _(command: cmd.Retry, session: Session, now: Circumstances) -> Decision:
    run = session.steps.get(command.step)
    # Never unknown: what may have happened is settled first, not done a second time.
    again = (StepState.FAILED, StepState.SKIPPED, StepState.SUCCEEDED, StepState.ROLLED_BACK)
    if run is None or run.state not in again:
        remedy = "only a step that has ended, and is not unknown, is tried again"
        return Refusal(f"{command.step} cannot be tried again as it is {_state_words(session, command.step)}", remedy)
    return (ev.StepReopened(step=command.step, reason=command.reason, operator=now.operator),)


@_decide.register
def _(command: cmd.Settle, session: Session, now: Circumstances) -> Decision:
    attempt = session.attempts.get(command.attempt)
    if attempt is None or attempt.outcome is not Outcome.UNKNOWN:
        return Refusal("this attempt is not unknown")
    if not command.reason.strip():
        return Refusal("an unknown outcome is settled with a reason", "type what makes you sure")
    settled = ev.AttemptSettled(
        step=attempt.step,
        target=attempt.target,
        attempt=attempt.id,
        outcome=Outcome.SUCCEEDED if command.happened else Outcome.FAILED,
        by="operator",
        evidence=command.reason,
        operator=now.operator,
    )
    return (settled,)


@_decide.register
def _(command: cmd.RollBack, session: Session, now: Circumstances) -> Decision:
    step = _step(session, command.step)
    run = session.steps.get(command.step)
    if step is None or run is None:
        return Refusal(f"the runbook has no step {command.step!r}")
    if step.rollback is None:
        return Refusal(f"{step.id} has no way back", step.irreversible)
    if run.state not in (StepState.SUCCEEDED, StepState.FAILED):
        return Refusal(f"{step.id} is {_state_words(session, step.id)}: there is nothing to take back")
    if session.steps[step.rollback].state in OPEN:
        return Refusal(f"{step.rollback}, its way back, is under way")
    back = ev.RollbackChosen(step=step.id, way_back=step.rollback, operator=now.operator, reason=command.reason)
    return (back,)


def _state_words(session: Session, step_id: str) -> str:
    """Return where a step stands, for people."""
    run = session.steps.get(step_id)
    return run.state.value.replace("_", " ") if run else "not there"


def _step(session: Session, step_id: str) -> Step | None:
    """Return a step of the runbook, or None."""
    return next((step for step in (session.runbook.steps if session.runbook else ()) if step.id == step_id), None)


@_decide.register
def _(command: cmd.AddNote, session: Session, now: Circumstances) -> Decision:
    del session
    if not command.text.strip():
        return Refusal("the note is empty")
    return (ev.NoteAdded(text=command.text, operator=now.operator, outside=command.outside),)


@_decide.register
def _(command: cmd.Close, session: Session, now: Circumstances) -> Decision:
    del now
    under_way = session.in_state(*OPEN)
    # Abandoning may leave them so: the journal says what was open.
    if under_way and command.outcome == "done":
        return Refusal(f"{', '.join(under_way)} is under way or unknown", "settle it first, or abandon the session")
    return (ev.SessionClosed(outcome=command.outcome, reason=command.reason),)
