"""Which runbook fits: signals for it and against it, never a bare score.

Owns the ordering. Must never hide a runbook: one that does not fit is last, with its reasons.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from haops.core.risk import Risk
from haops.core.runbook import Runbook
from haops.core.signal import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One runbook with the reasons. `speaks_for` and `speaks_against` are signals that are true now."""

    runbook: Runbook
    speaks_for: tuple[Signal, ...]
    speaks_against: tuple[Signal, ...]
    not_seen: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether something speaks for it and nothing against it."""
        return bool(self.speaks_for) and not self.speaks_against

    @property
    def changes(self) -> tuple[str, ...]:
        """What it would change: the titles of its steps that are not read-only."""
        return tuple(step.title for step in self.runbook.steps if step.risk is not Risk.READ)


def triage(runbooks: Iterable[Runbook], signals: Iterable[Signal]) -> tuple[Fit, ...]:
    """Return every runbook in order of fit."""
    true_now = {signal.name: signal for signal in signals}
    fits = (_fit(runbook, true_now) for runbook in runbooks)
    # By name at last: equal fits keep their places from one look to the next.
    return tuple(sorted(fits, key=lambda fit: (not fit.fits, -len(fit.speaks_for), fit.runbook.name)))


def _fit(runbook: Runbook, true_now: dict[str, Signal]) -> Fit:
    """Return one runbook with what speaks for and against it."""
    return Fit(
        runbook=runbook,
        speaks_for=tuple(true_now[name] for name in runbook.signals_for if name in true_now),
        speaks_against=tuple(true_now[name] for name in runbook.signals_against if name in true_now),
        not_seen=tuple(name for name in runbook.signals_for if name not in true_now),
    )
