"""What a drill has shown: objectives with the numbers behind them, writes, steps against earlier drills.

Owns the report's shape, as values, as JSON and as lines of text. Must never measure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One objective. `target` and `actual` are in `unit` (s or writes).

    `target` is None where the runbook names none, or where a loss only had to be stated; `actual` is None if it was not
    reached.
    """

    name: str
    target: float | None
    actual: float | None
    unit: str
    met: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "name": self.name,
            "target_s": self.target,
            "actual_s": self.actual,
            "unit": self.unit,
            "met": self.met,
        }

    def as_text(self) -> str:
        """Return one line."""
        verdict = "PASS" if self.met else "FAIL"
        actual = "not reached" if self.actual is None else f"{self.actual:g} {self.unit}"
        open_target = "as stated before confirming" if self.unit == "writes" else "no target"
        target = open_target if self.target is None else f"at most {self.target:g} {self.unit}"
        return f"{verdict}  {self.name:<14} {actual:<14} {target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """One attempt of a step. `earlier_s` are the durations of the same step in earlier drills of this kind."""

    id: str
    host: str
    state: str
    started_at: str
    duration_s: float
    earlier_s: tuple[float, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "id": self.id,
            "host": self.host,
            "state": self.state,
            "started_at": self.started_at,
            "duration_s": self.duration_s,
            "earlier_s": list(self.earlier_s),
        }

    def as_text(self) -> str:
        """Return one line."""
        earlier = f"best {min(self.earlier_s):.2f} s of {len(self.earlier_s)}" if self.earlier_s else "first time"
        return f"  {self.id:<20} {self.host:<8} {self.state:<12} {self.duration_s:7.2f} s   {earlier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """The whole result. `stopped_by` says why it is not done; `outside` lists what was done outside the runbook."""

    scenario: str
    variant: str
    flavour: str
    session: str
    journal: str
    done: bool
    objectives: tuple[Objective, ...]
    writes_acknowledged: int
    writes_lost: int
    writes_unknown: int
    outage_s: float | None
    loss_stated: str
    steps: tuple[StepTime, ...]
    outside: tuple[str, ...] = ()
    moments_s: Mapping[str, float] = field(default_factory=dict)
    stopped_by: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is done and every objective was met."""
        return self.done and all(objective.met for objective in self.objectives)

    def as_json(self) -> dict[str, Any]:
        """Return the one object that `--json` prints."""
        return {
            "scenario": self.scenario,
            "variant": self.variant,
            "flavour": self.flavour,
            "session": self.session,
            "journal": self.journal,
            "done": self.done,
            "passed": self.passed,
            "objectives": [objective.as_json() for objective in self.objectives],
            "writes_acknowledged": self.writes_acknowledged,
            "writes_lost": self.writes_lost,
            "writes_unknown": self.writes_unknown,
            "outage_s": self.outage_s,
            "loss_stated": self.loss_stated,
            "moments_s": dict(self.moments_s),
            "steps": [step.as_json() for step in self.steps],
            "outside": list(self.outside),
            "stopped_by": self.stopped_by,
        }

    def as_text(self) -> Iterator[str]:
        """Yield the report line by line."""
        verdict = "PASS" if self.passed else "FAIL"
        yield f"{verdict}  {self.scenario}, variant {self.variant}, flavour {self.flavour}"
        if self.stopped_by:
            yield f"      stopped by: {self.stopped_by}"
        yield from (f"  {objective.as_text()}" for objective in self.objectives)
        yield from self._writes()
        yield "Moments, seconds after the fault:"
        yield from (f"  {name:<20} {seconds:7.2f} s" for name, seconds in self.moments_s.items())
        yield "Steps, against earlier drills of this kind:"
        yield from (step.as_text() for step in self.steps)
        yield from (f"Outside the runbook: {text}" for text in self.outside)
        yield f"Record: {self.journal}"
        yield f"For the postmortem: haops timeline {self.session} -o report.html"

    def _writes(self) -> Iterator[str]:
        """Yield what became of the writes."""
        yield (
            f"Writes: {self.writes_acknowledged} acknowledged, {self.writes_lost} of them lost, "
            f"{self.writes_unknown} never answered"
        )
        if self.loss_stated:
            yield f"  stated before confirming: {self.loss_stated}"
        if self.outage_s is not None:
            yield f"  no write went through for {self.outage_s:.1f} s"
