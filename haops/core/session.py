"""A session as a fold over its events.

Owns the session's shape and `apply`, the only way in which it changes. Must never decide what should happen next
(`core.decide` does) and never know files, clocks or screens. An event that is illegal here raises IllegalEvent and
leaves the session as it was.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from haops.core import events as ev
from haops.core.graph import dependents, needs_of
from haops.core.runbook import Runbook
from haops.core.session_state import Attempt, AttemptStage, Outcome, Session, StepRun
from haops.core.states import FINISHED, LOST, IllegalEvent, StepState, Trigger, next_state

__all__ = ["Attempt", "AttemptStage", "Entry", "Outcome", "RunbookReader", "Session", "StepRun", "apply", "fold"]

RunbookReader = Callable[[ev.RunbookChosen], Runbook]
"""Turns the text that a journal kept into a runbook: given by whoever knows the format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its place in the journal: what `apply` takes."""

    seq: int
    wall: str
    event: ev.Event


_WAITING = frozenset({StepState.PENDING, StepState.READY, StepState.AWAITING_CONFIRMATION, StepState.BLOCKED})


def fold(entries: Iterable[Entry], read_runbook: RunbookReader, start: Session | None = None) -> Session:
    """Return the session after all entries."""
    session = start or Session()
    for entry in entries:
        session = apply(session, entry, read_runbook)
    return session


def apply(session: Session, entry: Entry, read_runbook: RunbookReader) -> Session:
    """Return the session after one entry. Raises IllegalEvent; the session given is never changed."""
    # Equal in both mistakes: opened twice, or anything else before it was opened.
    if isinstance(entry.event, ev.SessionOpened) == (session.opened is not None):
        raise IllegalEvent("a session is opened once, and before anything else")
    # A drill is measured, a note written and the screen left after the end as well.
    if session.outcome and not isinstance(entry.event, ev.NoteAdded | ev.ObjectiveMeasured | ev.SessionLeft):
        raise IllegalEvent(f"the session is over ({session.outcome})")
    if isinstance(entry.event, ev.RunbookChosen):
        changed = _take_up(session, entry.event, read_runbook(entry.event))
    else:
        # The event by itself and first: singledispatch goes by the first argument's type.
        changed = _after(entry.event, session, entry)
    # Most events leave every step where it is, and then nothing can follow from it.
    settled = changed if changed.steps is session.steps else settle(changed)
    return replace(settled, seq=entry.seq)


def settle(session: Session) -> Session:
    """Return the session with every step ready, pending or blocked as its needs say: a fixed point."""
    if session.runbook is None:
        return session
    steps = dict(session.steps)
    moving = True
    # It comes to an end because needs have no cycle: lint refuses a runbook with one.
    while moving:
        moving = False
        for step in session.runbook.steps:
            run = steps[step.id]
            state = _by_needs(run, [steps[need].state for need in step.needs])
            if state != run.state:
                steps[step.id] = replace(run, state=state)
                moving = True
    return replace(session, steps=steps)


def _by_needs(run: StepRun, needs: list[StepState]) -> StepState:
    """Return the state that the needs of a step ask for; one that runs, ended, or is a way back is left alone."""
    if run.state not in _WAITING or run.undoes:
        return run.state
    if any(need in LOST for need in needs):
        wanted, trigger = {StepState.BLOCKED}, Trigger.NEED_LOST
    elif all(need in FINISHED for need in needs):
        # What was offered stays offered while its needs hold.
        wanted, trigger = {StepState.READY, StepState.AWAITING_CONFIRMATION}, Trigger.NEEDS_MET
    else:
        wanted, trigger = {StepState.PENDING}, Trigger.NEEDS_OPEN
    return run.state if run.state in wanted else next_state(run.state, trigger)


def _take_up(session: Session, event: ev.RunbookChosen, runbook: Runbook) -> Session:
    """Return the session with a new runbook at its beginning; nothing of an earlier one may be under way."""
    if any(run.state in (StepState.RUNNING, StepState.VERIFYING, StepState.UNKNOWN) for run in session.steps.values()):
        raise IllegalEvent("a step of the runbook before is still under way or unknown")
    # Attempts and the count of changes stay: what the runbook before did stays done.
    return replace(
        session,
        runbook=runbook,
        chosen=event,
        steps={step.id: StepRun() for step in runbook.steps},
        # What the runbook before has found out means nothing to the steps of this one.
        values=dict(event.inputs),
        target_values={},
        confirmations={},
    )


@singledispatch
def _after(event: ev.Event, session: Session, _entry: Entry) -> Session:
    """Return the session after an event. Most events only stand in the record: they change no state."""
    del event
    return session


@_after.register
def _(event: ev.SessionOpened, session: Session, entry: Entry) -> Session:
    return replace(session, opened=event, opened_at=entry.wall)


@_after.register
def _(_event: ev.SessionResumed, session: Session, _entry: Entry) -> Session:
    return replace(session, left="")


@_after.register
def _(event: ev.SessionLeft, session: Session, _entry: Entry) -> Session:
    return replace(session, left=event.reason)


@_after.register
def _(event: ev.SessionClosed, session: Session, _entry: Entry) -> Session:
    return replace(session, outcome=event.outcome)


@_after.register
def _(event: ev.SignalRaised, session: Session, _entry: Entry) -> Session:
    return replace(session, signals={**session.signals, event.name: event})


@_after.register
def _(event: ev.SignalCleared, session: Session, _entry: Entry) -> Session:
    return replace(session, signals={name: s for name, s in session.signals.items() if name != event.name})


@_after.register
def _(event: ev.NoteAdded, session: Session, _entry: Entry) -> Session:
    return replace(session, notes=(*session.notes, event))


@_after.register
def _(event: ev.StepOffered, session: Session, _entry: Entry) -> Session:
    return _move(session, event.step, Trigger.OFFERED)


@_after.register
def _(event: ev.StepSkipped, session: Session, entry: Entry) -> Session:
    return _move(session, event.step, Trigger.SKIPPED, reason=event.reason, ended_at=entry.wall)


@_after.register
def _(event: ev.OptionChosen, session: Session, entry: Entry) -> Session:
    moved = _move(session, event.step, Trigger.CHOSEN, reason=event.value, started_at=entry.wall, ended_at=entry.wall)
    return replace(moved, values={**moved.values, event.step: event.value})


@_after.register
def _(event: ev.StepConfirmed, session: Session, entry: Entry) -> Session:
    run = session.step_run(event.step)
    return _move(
        replace(session, confirmations={**session.confirmations, event.step: event}),
        event.step,
        Trigger.CONFIRMED,
        plan_digest=event.plan_digest,
        targets=tuple(event.plan),
        # A new round: what earlier ones did stays on record and does not count for this one.
        attempts=(),
        round=run.round + 1,
        reason="",
        started_at=entry.wall,
        ended_at="",
    )


@_after.register
def _(event: ev.StepHeld, session: Session, _entry: Entry) -> Session:
    # A held round is forgotten with its attempts; one without an end would be lost with it.
    if any(attempt.outcome is None for attempt in session.round_attempts(event.step)):
        raise IllegalEvent(f"an attempt of {event.step} is still open")
    return _keep_done(_move(session, event.step, Trigger.HELD, reason=event.reason), event.step)


@_after.register
def _(event: ev.AttemptIntended, session: Session, entry: Entry) -> Session:
    run = session.step_run(event.step)
    if run.state is not StepState.RUNNING or event.target not in run.targets or event.attempt in session.attempts:
        raise IllegalEvent(f"no attempt of {event.step} on {event.target} was confirmed")
    if run.plan_digest != event.plan_digest:
        raise IllegalEvent(f"{event.step} was confirmed with another plan")
    attempt = Attempt(id=event.attempt, step=event.step, target=event.target, started_at=entry.wall)
    steps = {**session.steps, event.step: replace(run, attempts=(*run.attempts, event.attempt))}
    return replace(session, steps=steps, attempts={**session.attempts, event.attempt: attempt})


@_after.register
def _(event: ev.AttemptDispatched, session: Session, _entry: Entry) -> Session:
    moved = _advance(session, event.attempt, AttemptStage.INTENDED, AttemptStage.DISPATCHED)
    step = moved.runbook.step(event.step) if moved.runbook else None
    # Counted at dispatch: from here on the target may be changed, whatever is heard of it.
    return replace(moved, changes_made=moved.changes_made + (step is not None and step.risk != "read"))


@_after.register
def _(event: ev.AttemptAccepted, session: Session, _entry: Entry) -> Session:
    return _advance(session, event.attempt, AttemptStage.DISPATCHED, AttemptStage.ACCEPTED)


@_after.register
def _(event: ev.AttemptEnded, session: Session, entry: Entry) -> Session:
    attempt = _known(session, event.attempt)
    if attempt.stage is AttemptStage.ENDED:
        raise IllegalEvent(f"attempt {event.attempt} has ended already")
    ended = replace(
        attempt,
        stage=AttemptStage.ENDED,
        outcome=Outcome(event.outcome),
        evidence=event.evidence,
        exit_status=event.exit_status,
        stdout=event.stdout,
        stderr=event.stderr,
        ended_at=entry.wall,
        duration_ms=event.duration_ms,
    )
    return _add_up(_with_attempt(session, ended, event.captures), event.step, entry)


@_after.register
def _(event: ev.AttemptSettled, session: Session, entry: Entry) -> Session:
    attempt = _known(session, event.attempt)
    if attempt.outcome is not Outcome.UNKNOWN or event.outcome == Outcome.UNKNOWN:
        raise IllegalEvent(f"attempt {event.attempt} is not unknown, or would stay so")
    settled = replace(
        attempt,
        outcome=Outcome(event.outcome),
        evidence=event.evidence,
        exit_status=event.exit_status,
        # A probe may find no output any more: what was read before stays.
        stdout=event.stdout or attempt.stdout,
        stderr=event.stderr or attempt.stderr,
        settled_by=event.by,
    )
    return _add_up(_with_attempt(session, settled, event.captures), event.step, entry)


@_after.register
def _(event: ev.VerificationPassed, session: Session, entry: Entry) -> Session:
    moved = _move(session, event.step, Trigger.VERIFIED, reason=event.values, ended_at=entry.wall)
    return _undo_done(moved, event.step)


@_after.register
def _(event: ev.VerificationFailed, session: Session, entry: Entry) -> Session:
    reason = f"did not come true: {event.condition} ({event.values})"
    moved = _move(session, event.step, Trigger.NOT_VERIFIED, reason=reason, ended_at=entry.wall)
    # It ran everywhere and proved wrong: another round takes every target again.
    return _with_run(moved, event.step, kept=frozenset())


@_after.register
def _(event: ev.StepReopened, session: Session, _entry: Entry) -> Session:
    run = session.step_run(event.step)
    done = frozenset(a.target for a in session.round_attempts(event.step) if a.outcome is Outcome.SUCCEEDED)
    # A round that broke off goes on where it broke; one that ran through and then proved wrong is done anew.
    kept = run.kept | done if run.state is StepState.FAILED and set(run.targets) - done else frozenset()
    moved = _move(session, event.step, Trigger.REOPENED, reason=event.reason, kept=kept, attempts=(), undoes="")
    # What was built on it is not proven any more.
    for later in dependents(needs_of(session.runbook.steps if session.runbook else ()), event.step):
        if moved.steps[later].state not in (StepState.PENDING, StepState.BLOCKED):
            moved = _move(moved, later, Trigger.RESET, kept=frozenset(), attempts=(), reason="", undoes="")
    return moved


@_after.register
def _(event: ev.RollbackChosen, session: Session, _entry: Entry) -> Session:
    run = session.step_run(event.step)
    if run.state not in (StepState.SUCCEEDED, StepState.FAILED):
        raise IllegalEvent(f"{event.step} is {run.state.value}: there is nothing to take back")
    reason = f"takes back {event.step}"
    # It takes every target again: what it undoes may have been done again since.
    return _move(session, event.way_back, Trigger.CALLED_BACK, undoes=event.step, reason=reason, kept=frozenset())


def _move(session: Session, step_id: str, trigger: Trigger, **fields: Any) -> Session:
    """Return the session with one step moved by the table and its fields set."""
    return _with_run(session, step_id, state=next_state(session.step_run(step_id).state, trigger), **fields)


def _with_run(session: Session, step_id: str, **fields: Any) -> Session:
    """Return the session with fields of one step's place set."""
    run = replace(session.step_run(step_id), **fields)
    return replace(session, steps={**session.steps, step_id: run})


def _known(session: Session, attempt_id: str) -> Attempt:
    """Return an attempt. Raises IllegalEvent if there is none."""
    try:
        return session.attempts[attempt_id]
    except KeyError:
        raise IllegalEvent(f"there is no attempt {attempt_id}") from None


def _advance(session: Session, attempt_id: str, before: AttemptStage, after: AttemptStage) -> Session:
    """Return the session with an attempt one stage further."""
    attempt = _known(session, attempt_id)
    if attempt.stage is not before:
        raise IllegalEvent(f"attempt {attempt_id} is {attempt.stage.value}, not {before.value}")
    moved = replace(attempt, stage=after, accepted=after is AttemptStage.ACCEPTED)
    return replace(session, attempts={**session.attempts, attempt_id: moved})


def _with_attempt(session: Session, attempt: Attempt, captures: Mapping[str, Any]) -> Session:
    """Return the session with an attempt's result and what was captured from it."""
    # Kept twice: a condition about one host reads that host's value, any other the latest.
    on_target = {**session.target_values.get(attempt.target, {}), **captures}
    return replace(
        session,
        attempts={**session.attempts, attempt.id: attempt},
        values={**session.values, **captures},
        target_values={**session.target_values, attempt.target: on_target},
    )


def _add_up(session: Session, step_id: str, entry: Entry) -> Session:
    """Return the session with the step moved, once every target of the round has ended."""
    run = session.step_run(step_id)
    attempts = session.round_attempts(step_id)
    outcomes = {attempt.outcome for attempt in attempts}
    # A target is still under way: the step stands where all of them together stand.
    if None in outcomes:
        return session
    is_partial = outcomes == {Outcome.SUCCEEDED} and {a.target for a in attempts} != set(run.targets)
    if is_partial and run.state is StepState.RUNNING:
        return session
    if run.state not in (StepState.RUNNING, StepState.UNKNOWN):
        raise IllegalEvent(f"{step_id} is {run.state.value}: no attempt of it can end")
    # A round that an unknown outcome broke off is not gone on with by itself: what is left is asked about again.
    trigger = Trigger.NOT_STARTED if is_partial else _trigger_for(session, step_id, outcomes)
    reason = "; ".join(f"{a.target}: {a.evidence}" for a in attempts if a.outcome is not Outcome.SUCCEEDED)
    moved = _move(session, step_id, trigger, reason=reason, ended_at=entry.wall)
    if trigger is Trigger.NOT_STARTED:
        return _keep_done(moved, step_id)
    return _undo_done(moved, step_id)


def _trigger_for(session: Session, step_id: str, outcomes: set[Outcome | None]) -> Trigger:
    """Return what the outcomes of a round add up to: unknown weighs most, then failed."""
    if Outcome.UNKNOWN in outcomes:
        return Trigger.SOME_UNKNOWN
    if Outcome.FAILED in outcomes:
        return Trigger.SOME_FAILED
    if Outcome.NOT_STARTED in outcomes:
        return Trigger.NOT_STARTED
    verify = session.runbook.step(step_id).verify if session.runbook else None
    return Trigger.TO_VERIFY if verify else Trigger.ALL_SUCCEEDED


def _keep_done(session: Session, step_id: str) -> Session:
    """Return the session with the targets of a broken-off round that succeeded set aside: they need no more."""
    done = {attempt.target for attempt in session.round_attempts(step_id) if attempt.outcome is Outcome.SUCCEEDED}
    return _with_run(session, step_id, kept=session.step_run(step_id).kept | done, attempts=())


def _undo_done(session: Session, step_id: str) -> Session:
    """Return the session with the step rolled back that this one, now succeeded, was the way back of."""
    run = session.step_run(step_id)
    if run.state is not StepState.SUCCEEDED or not run.undoes:
        return session
    undone = _move(session, run.undoes, Trigger.UNDONE, reason=f"taken back by {step_id}")
    return _with_run(undone, step_id, undoes="")
