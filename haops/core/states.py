"""The states of a step and the one table that says how they change.

Everything that affects a step's state lives in `TRANSITIONS`; `core.session` looks it up and does nothing else with
it. A trigger that has no entry for the present state is illegal there and changes nothing.
"""

from collections.abc import Mapping
from enum import StrEnum


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    """Something that it needs is not finished."""
    READY = "ready"
    """All that it needs is finished; its own condition was not looked at yet."""
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """It waits for the operator."""
    RUNNING = "running"
    VERIFYING = "verifying"
    """It ran; what must come true afterwards is being looked at."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Whether it happened is not known. Blocks what needs it until a probe or a person settles it."""
    SKIPPED = "skipped"
    ROLLED_BACK = "rolled_back"
    BLOCKED = "blocked"
    """Something that it needs failed, is unknown, or was rolled back."""


class Trigger(StrEnum):
    """What changes a step's state: an event about it, or what its attempts or its needs add up to."""

    NEEDS_MET = "needs met"
    NEEDS_OPEN = "needs open"
    NEED_LOST = "need lost"
    OFFERED = "step.offered"
    SKIPPED = "step.skipped"
    CHOSEN = "option.chosen"
    CONFIRMED = "step.confirmed"
    HELD = "step.held"
    ALL_SUCCEEDED = "all attempts succeeded"
    TO_VERIFY = "all attempts succeeded, verification next"
    NOT_STARTED = "some attempt was not started, none failed"
    SOME_FAILED = "some attempt failed"
    SOME_UNKNOWN = "some attempt unknown"
    VERIFIED = "verification.passed"
    NOT_VERIFIED = "verification.failed"
    REOPENED = "step.reopened"
    RESET = "an earlier step was reopened"
    CALLED_BACK = "called as the way back"
    UNDONE = "its way back succeeded"


# Skipped ones too: what comes after two branches must not wait for the one that was not taken.
FINISHED = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
"""What a step that needs this one waits for."""
LOST = frozenset({StepState.FAILED, StepState.UNKNOWN, StepState.BLOCKED, StepState.ROLLED_BACK})
"""What blocks a step that needs this one."""
OPEN = frozenset({StepState.RUNNING, StepState.VERIFYING, StepState.UNKNOWN})
"""Something is under way or may be."""

_S, _T = StepState, Trigger

TRANSITIONS: Mapping[tuple[StepState, Trigger], StepState] = {
    (_S.PENDING, _T.NEEDS_MET): _S.READY,
    (_S.BLOCKED, _T.NEEDS_MET): _S.READY,
    (_S.BLOCKED, _T.NEEDS_OPEN): _S.PENDING,
    (_S.READY, _T.NEEDS_OPEN): _S.PENDING,
    (_S.AWAITING_CONFIRMATION, _T.NEEDS_OPEN): _S.PENDING,
    (_S.PENDING, _T.NEED_LOST): _S.BLOCKED,
    (_S.READY, _T.NEED_LOST): _S.BLOCKED,
    (_S.AWAITING_CONFIRMATION, _T.NEED_LOST): _S.BLOCKED,
    (_S.READY, _T.OFFERED): _S.AWAITING_CONFIRMATION,
    (_S.PENDING, _T.SKIPPED): _S.SKIPPED,
    (_S.READY, _T.SKIPPED): _S.SKIPPED,
    (_S.AWAITING_CONFIRMATION, _T.SKIPPED): _S.SKIPPED,
    (_S.BLOCKED, _T.SKIPPED): _S.SKIPPED,
    (_S.FAILED, _T.SKIPPED): _S.SKIPPED,
    (_S.AWAITING_CONFIRMATION, _T.CHOSEN): _S.SUCCEEDED,
    (_S.AWAITING_CONFIRMATION, _T.CONFIRMED): _S.RUNNING,
    (_S.RUNNING, _T.HELD): _S.AWAITING_CONFIRMATION,
    (_S.RUNNING, _T.ALL_SUCCEEDED): _S.SUCCEEDED,
    (_S.RUNNING, _T.TO_VERIFY): _S.VERIFYING,
    # Nothing ran: it is asked about again and has not failed.
    (_S.RUNNING, _T.NOT_STARTED): _S.AWAITING_CONFIRMATION,
    (_S.RUNNING, _T.SOME_FAILED): _S.FAILED,
    (_S.RUNNING, _T.SOME_UNKNOWN): _S.UNKNOWN,
    # Nothing but settling leads out of UNKNOWN: what may have happened is never done again before.
    (_S.UNKNOWN, _T.ALL_SUCCEEDED): _S.SUCCEEDED,
    (_S.UNKNOWN, _T.TO_VERIFY): _S.VERIFYING,
    (_S.UNKNOWN, _T.NOT_STARTED): _S.AWAITING_CONFIRMATION,
    (_S.UNKNOWN, _T.SOME_FAILED): _S.FAILED,
    # One of several was settled; the others are still open.
    (_S.UNKNOWN, _T.SOME_UNKNOWN): _S.UNKNOWN,
    (_S.VERIFYING, _T.VERIFIED): _S.SUCCEEDED,
    (_S.VERIFYING, _T.NOT_VERIFIED): _S.FAILED,
    # To pending and not further: what it needs decides, as at the beginning.
    (_S.FAILED, _T.REOPENED): _S.PENDING,
    (_S.SKIPPED, _T.REOPENED): _S.PENDING,
    (_S.SUCCEEDED, _T.REOPENED): _S.PENDING,
    (_S.ROLLED_BACK, _T.REOPENED): _S.PENDING,
    # No row for what runs or is unknown: while it may have an effect, nothing before it is reopened.
    (_S.SUCCEEDED, _T.RESET): _S.PENDING,
    (_S.SKIPPED, _T.RESET): _S.PENDING,
    (_S.FAILED, _T.RESET): _S.PENDING,
    (_S.ROLLED_BACK, _T.RESET): _S.PENDING,
    (_S.AWAITING_CONFIRMATION, _T.RESET): _S.PENDING,
    (_S.READY, _T.RESET): _S.PENDING,
    # A way back is called whatever its own needs say: it is needed because things went wrong.
    (_S.PENDING, _T.CALLED_BACK): _S.AWAITING_CONFIRMATION,
    (_S.READY, _T.CALLED_BACK): _S.AWAITING_CONFIRMATION,
    (_S.BLOCKED, _T.CALLED_BACK): _S.AWAITING_CONFIRMATION,
    (_S.SKIPPED, _T.CALLED_BACK): _S.AWAITING_CONFIRMATION,
    (_S.SUCCEEDED, _T.CALLED_BACK): _S.AWAITING_CONFIRMATION,
    (_S.SUCCEEDED, _T.UNDONE): _S.ROLLED_BACK,
    (_S.FAILED, _T.UNDONE): _S.ROLLED_BACK,
}


class IllegalEvent(ValueError):
    """An event that cannot follow in the present state. The session is as it was."""


def next_state(state: StepState, trigger: Trigger) -> StepState:
    """Return the state after the trigger. Raises IllegalEvent if the table has no such row."""
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise IllegalEvent(f"{trigger.value!r} cannot happen to a step that is {state.value}") from None
