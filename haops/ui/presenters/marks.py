"""The glyph, the word and the role of every state: colour is never alone, and one state looks the same everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from haops.core.risk import Risk
from haops.core.signal import Severity
from haops.core.states import StepState
from haops.ui.presenters.lines import Role, Span


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state is shown, and what it means (for the help)."""

    glyph: str
    word: str
    role: Role
    meaning: str = ""

    @property
    def span(self) -> Span:
        """The glyph in its role."""
        return Span(self.glyph, self.role)

    @property
    def both(self) -> Span:
        """Glyph and word."""
        return Span(f"{self.glyph} {self.word}", self.role)


STEP_MARKS: Mapping[StepState, Mark] = {
    StepState.PENDING: Mark("·", "pending", Role.DIM, "something that it needs is not finished"),
    StepState.READY: Mark("○", "ready", Role.PLAIN, "all that it needs is finished; haops will offer it"),
    StepState.AWAITING_CONFIRMATION: Mark("▶", "waits for you", Role.ACCENT, "it runs when you confirm it"),
    StepState.RUNNING: Mark("●", "running", Role.ACCENT, "it was confirmed and is under way"),
    StepState.VERIFYING: Mark("◌", "verifying", Role.ACCENT, "it ran; what must come true is being looked at"),
    StepState.SUCCEEDED: Mark("✔", "succeeded", Role.GOOD, "it ran, and what had to come true came true"),
    StepState.FAILED: Mark("✖", "failed", Role.BAD, "it ended and did not do what it should; retry, roll back or skip"),
    StepState.UNKNOWN: Mark("?", "UNKNOWN", Role.UNKNOWN, "whether it happened is not known; probe it or decide"),
    StepState.SKIPPED: Mark("-", "skipped", Role.DIM, "it was left out, for the reason recorded"),
    StepState.ROLLED_BACK: Mark("↩", "rolled back", Role.WARN, "its way back succeeded"),
    StepState.BLOCKED: Mark("■", "blocked", Role.WARN, "something that it needs failed, is unknown or was taken back"),
}

SEVERITY_MARKS: Mapping[str, Mark] = {
    Severity.CRITICAL: Mark("✖", "critical", Role.BAD),
    Severity.WARNING: Mark("▲", "warning", Role.WARN),
    Severity.NOTICE: Mark("·", "notice", Role.PLAIN),
}

RISK_ROLES: Mapping[Risk, Role] = {Risk.READ: Role.READ, Risk.CHANGE: Role.CHANGE, Risk.DESTROY: Role.DESTROY}

HOLDS: Mapping[bool | None, Mark] = {
    True: Mark("✔", "holds", Role.GOOD),
    False: Mark("✖", "does not hold", Role.BAD),
    None: Mark("?", "not known", Role.UNKNOWN),
}

UP = Mark("●", "up", Role.GOOD)
AILING = Mark("▲", "ailing", Role.WARN)
DOWN = Mark("✖", "down", Role.BAD)
NOT_SEEN = Mark("?", "not seen", Role.UNKNOWN)
SELF = Mark("·", "itself", Role.DIM)


def severity_mark(severity: str) -> Mark:
    """Return how a severity is shown; a word that is none is shown as a notice."""
    return SEVERITY_MARKS.get(severity, SEVERITY_MARKS[Severity.NOTICE])
