"""What an operator can ask for, as imperative values. Owns their shape only: `core.decide` says what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Answer(StrEnum):
    """How a confirmation was given, from the lightest to the weightiest; `auto` exists in drills only."""

    ENTER = "enter"
    YES = "y"
    TYPED = "typed"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Run this step, exactly as in the plan with this digest. `overrides` maps a guard's text to a typed reason.

    `statement` is what a person did and saw, for steps that a person does by hand.
    """

    step: str
    plan_digest: str
    answer: Answer
    overrides: Mapping[str, str] = field(default_factory=dict)
    statement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Take this way."""

    step: str
    value: str
    answer: Answer = Answer.YES


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Leave this step out, for a reason."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try a failed (or skipped, or done) step again; it will be confirmed again."""

    step: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Look now whether an unknown attempt happened."""

    attempt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Say whether an unknown attempt happened, with the reason for believing so."""

    attempt: str
    happened: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """Take a step back by the way that the runbook names."""

    step: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Ask a running attempt to end. Whether it did is for its probe to say."""

    attempt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Write something down. `outside` marks something done outside the runbook."""

    text: str
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """End the session: `done` or `abandoned`."""

    outcome: str
    reason: str = ""


Command = Confirm | Choose | Skip | Retry | Probe | Settle | RollBack | Cancel | AddNote | Close
