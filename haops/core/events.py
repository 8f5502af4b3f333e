"""Everything that can be written into a session's journal, as frozen values in the past tense.

Owns the events and their registry `EVENTS` (type text -> class). Must never write them anywhere. Durations are whole
milliseconds, so that a record never holds a float. `BARRIER` says that the event is on disk before anything follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

EVENTS: dict[str, type["Event"]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `type` is its name in the journal; every event names one, and is registered under it.

    Only what is read and never written may name an empty one: it is then in no registry.
    """

    type: ClassVar[str] = ""
    BARRIER: ClassVar[bool] = False

    def __init_subclass__(cls, *, type: str | None = None, barrier: bool = False) -> None:  # noqa: A002 - the journal's word
        # slots=True makes each class twice; the second time what was given the first time stands in it already.
        if type is not None:
            cls.type, cls.BARRIER = type, barrier
        elif "type" not in vars(cls):
            raise TypeError(f"the event {cls.__name__} names no type")
        if cls.type:
            EVENTS[cls.type] = cls


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event, type="session.opened", barrier=True):
    """A session began. `mode` is incident or drill; `inventory` is the inventory file's text."""

    cluster: str
    mode: str
    operator: str
    haops_version: str
    inventory_source: str
    inventory_digest: str
    # The text itself: the file may have changed when the session is gone on with.
    inventory: str
    scenario: str = ""
    variant: str = ""
    flavour: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResumed(Event, type="session.resumed", barrier=True):
    """A session went on in a new process."""

    operator: str
    haops_version: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLeft(Event, type="session.left", barrier=True):
    """The operator left; the session waits. `reason` is what ended the process (left, SIGTERM, SIGHUP, ...)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Event, type="session.closed", barrier=True):
    """The session is over. `outcome` is done or abandoned."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookChosen(Event, type="runbook.chosen", barrier=True):
    """A runbook was taken up. Its whole text is kept; `identity` pins the cluster (etcd cluster id, members, hosts)."""

    name: str
    source: str
    digest: str
    text: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    signals: tuple[str, ...] = ()
    operator: str = ""
    includes: Mapping[str, str] = field(default_factory=dict)


# No barrier: what is seen is seen again.
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRaised(Event, type="signal.raised"):
    """A signal became true, or its sentence or severity changed. `severity` is critical, warning or notice."""

    name: str
    severity: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalCleared(Event, type="signal.cleared"):
    """A signal is no longer true."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSeen(Event, type="state.seen"):
    """A watched thing changed its state: `kind` as in observations, `state` one word, `detail` the rest."""

    kind: str
    subject: str
    state: str
    detail: str = ""


# No barrier: what waits to be offered is offered again after a crash.
@dataclass(frozen=True, slots=True, kw_only=True)
class StepOffered(Event, type="step.offered"):
    """A step is ready, its condition holds, and it waits for the operator."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped(Event, type="step.skipped", barrier=True):
    """A step will not run: its condition is false (`by` condition) or the operator said so (`by` operator).

    `operator` names that person; empty for a condition, and in journals of before it was kept.
    """

    step: str
    by: str
    reason: str
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChosen(Event, type="option.chosen", barrier=True):
    """The operator decided. `offered` maps each option to why it was or was not open."""

    step: str
    value: str
    operator: str
    offered: Mapping[str, str]
    loses: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConfirmed(Event, type="step.confirmed", barrier=True):
    """A step was confirmed: exactly the plan whose digest this is. `how` is enter, y, typed or auto.

    `plan` holds, per target, script and environment as they will run; `overrides` maps a guard to the reason typed.
    """

    step: str
    plan_digest: str
    plan: Mapping[str, Any]
    operator: str
    how: str
    guards: tuple[Mapping[str, Any], ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepHeld(Event, type="step.held", barrier=True):
    """A confirmed step did not start: a guard did not hold at the last moment, or its plan had changed."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptIntended(Event, type="attempt.intended", barrier=True):
    """An attempt is about to be made on one target."""

    step: str
    target: str
    attempt: str
    plan_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDispatched(Event, type="attempt.dispatched", barrier=True):
    """The bytes of an attempt are about to leave."""

    step: str
    target: str
    attempt: str


# No barrier: if it is lost, the attempt's directory on the host says the same.
@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptAccepted(Event, type="attempt.accepted"):
    """The other side has claimed the attempt."""

    step: str
    target: str
    attempt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded(Event, type="attempt.ended", barrier=True):
    """What is known at the end of an attempt: `outcome` is succeeded, failed, unknown or not_started.

    `stdout` and `stderr` are SHA-256 names of blobs (empty: no output). `evidence` says in words why the outcome is so.
    """

    step: str
    target: str
    attempt: str
    outcome: str
    evidence: str
    exit_status: int | None = None
    stdout: str = ""
    stderr: str = ""
    dropped_bytes: int = 0
    captures: Mapping[str, Any] = field(default_factory=dict)
    duration_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSettled(Event, type="attempt.settled", barrier=True):
    """An unknown outcome became known: `by` probe or operator, with evidence or the operator's reason."""

    step: str
    target: str
    attempt: str
    outcome: str
    by: str
    evidence: str
    exit_status: int | None = None
    stdout: str = ""
    stderr: str = ""
    captures: Mapping[str, Any] = field(default_factory=dict)
    operator: str = ""


# No barrier: the attempt's end, which is one, follows it at once.
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(Event, type="wait.ended"):
    """haops no longer waits for an attempt; that is not an outcome."""

    step: str
    target: str
    attempt: str
    waited_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPassed(Event, type="verification.passed", barrier=True):
    """What had to come true after the step came true."""

    step: str
    condition: str
    values: str
    duration_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFailed(Event, type="verification.failed", barrier=True):
    """It did not come true in time."""

    step: str
    condition: str
    values: str
    duration_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReopened(Event, type="step.reopened", barrier=True):
    """A step that ended, was skipped or taken back is to be tried again; its earlier attempts stay in the journal."""

    step: str
    reason: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackChosen(Event, type="rollback.chosen", barrier=True):
    """The operator goes back: `way_back` is the step that undoes `step`; it is confirmed like any other."""

    step: str
    way_back: str
    operator: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event, type="note.added", barrier=True):
    """The operator wrote something down. `outside` marks something done outside the runbook."""

    text: str
    operator: str
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjected(Event, type="fault.injected", barrier=True):
    """A drill broke something on purpose."""

    fault: str
    targets: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultUndone(Event, type="fault.undone", barrier=True):
    """A drill's fault was taken back."""

    fault: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveMeasured(Event, type="objective.measured", barrier=True):
    """A drill's objective with what was reached; seconds as whole milliseconds, counts as they are."""

    name: str
    target: int
    actual: int | None
    unit: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookDone(Event, type="runbook.done", barrier=True):
    """Everything that had to hold at the end holds."""

    conditions: tuple[str, ...]
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecovered(Event, type="journal.recovered", barrier=True):
    """A torn end of the journal, as a crash leaves it, was put aside before the session went on.

    `segment` and `offset` (bytes) say where it stood, `kept_as` is its file in `quarantine`, `length` is in bytes.
    """

    segment: str
    offset: int
    length: int
    sha256: str
    kept_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped(Event, type="clock.jumped", barrier=True):
    """The wall clock moved against the monotonic one by this much."""

    offset_ms: int
