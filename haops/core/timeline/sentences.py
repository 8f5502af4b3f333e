"""What each kind of event is called in a timeline: category, source, and one sentence of facts.

Blameless: people appear as roles, in the order in which they came. An event without an entry here stands in the journal
and needs no row. Owns these words. Must never judge whether something was right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from haops.core import events as ev
from haops.core.session_state import Session
from haops.core.timeline.values import Category, Happening

TOOL = "haops"
DRILL = "drill"


@dataclass(slots=True)
class Roles:
    """Names -> roles, given out in the order in which the names appear. The names themselves go nowhere."""

    known: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """Return the role of a person."""
        if name not in self.known:
            count = len(self.known) + 1
            self.known[name] = "the on-call engineer" if count == 1 else f"engineer {count}"
        return self.known[name]


@dataclass(frozen=True, slots=True)
class Telling:
    """What a row says before it has its place."""

    category: Category
    source: str
    sentence: str


Teller = Callable[[Any, Session, Roles], Telling]
_TELLERS: dict[type[ev.Event], Teller] = {}


def tell(happening: Happening, roles: Roles) -> Telling | None:
    """Return what a happening's row says, or None if it needs none."""
    teller = _TELLERS.get(type(happening.event))
    if teller:
        return teller(happening.event, happening.session, roles)
    name = getattr(happening.event, "name", "")
    # Only what a newer haops wrote is of a type that is not in the registry.
    if type(happening.event).type not in ev.EVENTS:
        return Telling(Category.OBSERVATION, TOOL, f"A record of the type {name}, which this haops does not know")
    return None


def _tells(kind: type[ev.Event]) -> Callable[[Teller], Teller]:
    """Register the teller of one kind of event."""

    def register(teller: Teller) -> Teller:
        """Take the teller into the registry."""
        _TELLERS[kind] = teller
        return teller

    return register


@_tells(ev.SessionOpened)
def _(event: ev.SessionOpened, _session: Session, roles: Roles) -> Telling:
    who = roles.of(event.operator)
    if event.mode == "drill":
        scenario = " ".join(filter(None, (event.scenario, event.variant)))
        return Telling(Category.OBSERVATION, DRILL, f"The drill {scenario} began on {event.cluster} ({event.flavour})")
    return Telling(Category.OBSERVATION, who, f"{_first(who)} opened haops on {event.cluster}")


@_tells(ev.SessionResumed)
def _(event: ev.SessionResumed, _session: Session, roles: Roles) -> Telling:
    return Telling(Category.OBSERVATION, TOOL, f"The session was taken up again by {roles.of(event.operator)}")


@_tells(ev.SessionLeft)
def _(event: ev.SessionLeft, _session: Session, _roles: Roles) -> Telling:
    return Telling(Category.OBSERVATION, TOOL, f"The session was left ({event.reason}); it waits to be resumed")


@_tells(ev.SessionClosed)
def _(event: ev.SessionClosed, _session: Session, _roles: Roles) -> Telling:
    return Telling(Category.OBSERVATION, TOOL, f"The session was closed: {event.outcome}{_because(event.reason)}")


@_tells(ev.RunbookChosen)
def _(event: ev.RunbookChosen, _session: Session, roles: Roles) -> Telling:
    signals = f", for the signals {', '.join(event.signals)}" if event.signals else ""
    who = roles.of(event.operator) if event.operator else TOOL
    return Telling(Category.DECISION, who, f"The runbook {event.name} was taken up{signals}")


@_tells(ev.SignalRaised)
def _(event: ev.SignalRaised, _session: Session, _roles: Roles) -> Telling:
    return Telling(Category.ALERT, TOOL, f"{event.severity} {event.name}: {event.sentence}")


@_tells(ev.SignalCleared)
def _(event: ev.SignalCleared, _session: Session, _roles: Roles) -> Telling:
    return Telling(Category.STATUS_CHANGE, TOOL, f"{event.name} is no longer true")


@_tells(ev.StateSeen)
def _(event: ev.StateSeen, _session: Session, _roles: Roles) -> Telling:
    detail = f" ({event.detail})" if event.detail else ""
    return Telling(Category.STATUS_CHANGE, TOOL, f"{event.kind} {event.subject}: {event.state}{detail}")


@_tells(ev.StepOffered)
def _(event: ev.StepOffered, session: Session, _roles: Roles) -> Telling:
    return Telling(Category.OBSERVATION, TOOL, f"Proposed: {_step(session, event.step)}")


@_tells(ev.StepSkipped)
def _(event: ev.StepSkipped, session: Session, roles: Roles) -> Telling:
    who = roles.of(event.operator) if event.operator else TOOL
    category = Category.DECISION if event.by == "operator" else Category.OBSERVATION
    return Telling(category, who, f"Skipped: {_step(session, event.step)}{_because(event.reason)}")


@_tells(ev.OptionChosen)
def _(event: ev.OptionChosen, session: Session, roles: Roles) -> Telling:
    loses = f"; stated loss: {event.loses}" if event.loses else ""
    who = roles.of(event.operator)
    return Telling(Category.DECISION, who, f"Decided at {_step(session, event.step)}: {event.value}{loses}")


@_tells(ev.StepConfirmed)
def _(event: ev.StepConfirmed, session: Session, roles: Roles) -> Telling:
    overridden = "".join(f"; guard overridden: {guard}{_because(why)}" for guard, why in event.overrides.items())
    where = ", ".join(event.plan)
    how = f"confirmed ({event.how}), plan {event.plan_digest[:12]}"
    sentence = f"{_step(session, event.step)} on {where}: {how}{overridden}"
    return Telling(Category.DECISION, roles.of(event.operator), sentence)


@_tells(ev.StepHeld)
def _(event: ev.StepHeld, session: Session, _roles: Roles) -> Telling:
    return Telling(Category.OBSERVATION, TOOL, f"Held back: {_step(session, event.step)}{_because(event.reason)}")


@_tells(ev.AttemptDispatched)
def _(event: ev.AttemptDispatched, session: Session, _roles: Roles) -> Telling:
    return Telling(Category.ACTION_START, TOOL, f"{_step(session, event.step)} on {event.target} began")


@_tells(ev.AttemptEnded)
def _(event: ev.AttemptEnded, session: Session, _roles: Roles) -> Telling:
    took = f" after {event.duration_ms / 1000:.1f} s" if event.duration_ms else ""
    status = "" if event.exit_status is None else f", exit status {event.exit_status}"
    told = f"{_step(session, event.step)} on {event.target} {_outcome(event.outcome)}{took}{status}: {event.evidence}"
    return Telling(Category.ACTION_END, TOOL, told)


@_tells(ev.AttemptSettled)
def _(event: ev.AttemptSettled, session: Session, roles: Roles) -> Telling:
    person = event.by == "operator"
    who = roles.of(event.operator) if person and event.operator else TOOL
    by = "a person's decision" if person else "its probe"
    told = f"{_step(session, event.step)} on {event.target} was unknown and {_outcome(event.outcome)}, by {by}"
    return Telling(Category.DECISION if person else Category.OBSERVATION, who, f"{told}: {event.evidence}")


@_tells(ev.WaitEnded)
def _(event: ev.WaitEnded, session: Session, _roles: Roles) -> Telling:
    waited = f"after {event.waited_ms / 1000:.1f} s"
    told = f"No longer waiting for {_step(session, event.step)} on {event.target} {waited}; it may still happen"
    return Telling(Category.OBSERVATION, TOOL, told)


@_tells(ev.VerificationPassed)
def _(event: ev.VerificationPassed, session: Session, _roles: Roles) -> Telling:
    told = f"After {_step(session, event.step)} it came true: {event.condition} ({event.values})"
    return Telling(Category.OBSERVATION, TOOL, told)


@_tells(ev.VerificationFailed)
def _(event: ev.VerificationFailed, session: Session, _roles: Roles) -> Telling:
    told = f"After {_step(session, event.step)} it did not come true in time: {event.condition} ({event.values})"
    return Telling(Category.OBSERVATION, TOOL, told)


@_tells(ev.StepReopened)
def _(event: ev.StepReopened, session: Session, roles: Roles) -> Telling:
    told = f"To be tried again: {_step(session, event.step)}{_because(event.reason)}"
    return Telling(Category.DECISION, roles.of(event.operator), told)


@_tells(ev.RollbackChosen)
def _(event: ev.RollbackChosen, session: Session, roles: Roles) -> Telling:
    told = f"Taking back {_step(session, event.step)} by {event.way_back}{_because(event.reason)}"
    return Telling(Category.DECISION, roles.of(event.operator), told)


@_tells(ev.NoteAdded)
def _(event: ev.NoteAdded, _session: Session, roles: Roles) -> Telling:
    if event.outside:
        return Telling(Category.ACTION_END, roles.of(event.operator), f"Done outside the runbook: {event.text}")
    return Telling(Category.COMMS, roles.of(event.operator), f"Note: {event.text}")


@_tells(ev.FaultInjected)
def _(event: ev.FaultInjected, _session: Session, _roles: Roles) -> Telling:
    short = f"{event.fault} on {', '.join(event.targets)}"
    detail = f" ({event.detail})" if event.detail else ""
    # The detail may say all of it by itself, and more.
    told = event.detail if event.detail.startswith(short) else f"{short}{detail}"
    return Telling(Category.IMPACT_START, DRILL, f"Fault injected: {told}")


@_tells(ev.FaultUndone)
def _(event: ev.FaultUndone, _session: Session, _roles: Roles) -> Telling:
    return Telling(Category.STATUS_CHANGE, DRILL, f"Fault undone: {event.fault} on {', '.join(event.targets)}")


@_tells(ev.RunbookDone)
def _(event: ev.RunbookDone, _session: Session, _roles: Roles) -> Telling:
    told = f"Everything that had to hold at the end holds: {'; '.join(event.conditions)} ({event.values})"
    return Telling(Category.RESOLVED, TOOL, told)


@_tells(ev.JournalRecovered)
def _(event: ev.JournalRecovered, _session: Session, _roles: Roles) -> Telling:
    told = (
        f"An unfinished record at the journal's end ({event.length} bytes) was put aside: haops had ended while writing"
    )
    return Telling(Category.OBSERVATION, TOOL, told)


@_tells(ev.ClockJumped)
def _(event: ev.ClockJumped, _session: Session, _roles: Roles) -> Telling:
    return Telling(Category.OBSERVATION, TOOL, f"This machine's wall clock jumped by {event.offset_ms / 1000:+.1f} s")


_OUTCOMES: Mapping[str, str] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "unknown": "ended with an unknown outcome",
    "not_started": "did not start",
}


def _outcome(outcome: str) -> str:
    """Return an outcome as a verb."""
    return _OUTCOMES.get(outcome, outcome)


def _step(session: Session, step_id: str) -> str:
    """Return a step's id and title."""
    titles = {step.id: step.title for step in session.runbook.steps} if session.runbook else {}
    return f"{step_id} ({titles[step_id]})" if titles.get(step_id) else step_id


def _because(reason: str) -> str:
    """Return a reason behind a comma, if there is one."""
    return f", because {reason}" if reason else ""


def _first(text: str) -> str:
    """Return the text with a capital letter."""
    return text[:1].upper() + text[1:]
