"""What a session is: its steps' places, its attempts, its values.

Owns the shape only. Must never change anything: `core.session` folds events into these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from haops.core import events as ev
from haops.core.runbook import Runbook
from haops.core.states import IllegalEvent, StepState


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_STARTED = "not_started"


class AttemptStage(StrEnum):
    """How far an attempt has come, by the journal."""

    INTENDED = "intended"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one step on one target. Times are wall clock texts of the records, for people.

    `accepted` stays true once the target has said that it has the attempt.
    """

    id: str
    step: str
    target: str
    stage: AttemptStage = AttemptStage.INTENDED
    accepted: bool = False
    outcome: Outcome | None = None
    evidence: str = ""
    exit_status: int | None = None
    stdout: str = ""
    stderr: str = ""
    started_at: str = ""
    ended_at: str = ""
    duration_ms: int = 0
    settled_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step's place in the session. `attempts` are those of the present round, `kept` targets that need no more."""

    state: StepState = StepState.PENDING
    attempts: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    round: int = 0
    reason: str = ""
    plan_digest: str = ""
    started_at: str = ""
    ended_at: str = ""
    undoes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything that the journal says so far. `values` holds inputs, captures and choices by name."""

    id: str = ""
    opened: ev.SessionOpened | None = None
    opened_at: str = ""
    runbook: Runbook | None = None
    chosen: ev.RunbookChosen | None = None
    steps: Mapping[str, StepRun] = field(default_factory=dict)
    # Of every runbook that was taken up, by id: no id is used twice.
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    target_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    signals: Mapping[str, ev.SignalRaised] = field(default_factory=dict)
    confirmations: Mapping[str, ev.StepConfirmed] = field(default_factory=dict)
    notes: tuple[ev.NoteAdded, ...] = ()
    changes_made: int = 0
    outcome: str = ""
    left: str = ""
    seq: int = -1

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed."""
        return self.opened is not None and not self.outcome

    def step_run(self, step_id: str) -> StepRun:
        """Return a step's place. Raises IllegalEvent for a step that the runbook does not have."""
        try:
            return self.steps[step_id]
        except KeyError:
            raise IllegalEvent(f"the runbook has no step {step_id!r}") from None

    def round_attempts(self, step_id: str) -> tuple[Attempt, ...]:
        """Return the attempts of a step's present round."""
        return tuple(self.attempts[attempt] for attempt in self.step_run(step_id).attempts)

    def in_state(self, *states: StepState) -> tuple[str, ...]:
        """Return the ids of the steps in any of these states, in runbook order."""
        return tuple(step_id for step_id, run in self.steps.items() if run.state in states)
