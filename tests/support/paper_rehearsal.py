"""A runbook walked through on paper: every step planned with what would be known then, nothing run.

The engine's part is played by the order of the file; what observers would see after a step is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from haops.core.capture import take_all
from haops.core.facts import derive, derive_host
from haops.core.inventory import Inventory
from haops.core.observations import Picture
from haops.core.planning import Knowledge, StepPlan, plan_step
from haops.core.runbook import Capture, Runbook, Step
from haops.steps import preview

SAMPLES: Mapping[str, Any] = {"integer": 1, "hex": "0" * 64, "name": "etcd-token", "path": "/some/file"}


@dataclass
class PaperRehearsal:
    """One way through a runbook. `after` maps a step to what is seen once it has succeeded."""

    runbook: Runbook
    inventory: Inventory
    picture: Picture
    after: Mapping[str, Picture]
    values: dict[str, Any] = field(default_factory=dict)
    plans: dict[str, StepPlan] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def walk(self, decisions: Mapping[str, str]) -> "PaperRehearsal":
        """Go through all steps in the order of the file; fails at the first that could not be run."""
        for step in self.runbook.steps:
            applies = True if step.when is None else step.when.holds(self.knowledge().shared)
            assert applies is not None, f"{step.id}: whether it applies is not known: {step.when}"
            if not applies:
                self.skipped.append(step.id)
                continue
            self._take(step, decisions.get(step.id, ""))
        return self

    def knowledge(self) -> Knowledge:
        """Return what conditions can read now."""
        shared = {**derive(self.picture, self.inventory), **self.values}
        return Knowledge(shared=shared, of_host=lambda host: derive_host(self.picture, self.inventory, host))

    def _take(self, step: Step, decided: str) -> None:
        plan = plan_step(step, self.inventory, self.knowledge(), preview, session_id="s")
        self.plans[step.id] = plan
        assert not plan.problem, f"{step.id}: {plan.problem}"
        closed = [f"{guard.guard.that.text} ({guard.values})" for guard in plan.guards if not guard.holds]
        assert not closed, f"{step.id}: {closed}"
        if plan.options:
            assert decided in {option.option.value for option in plan.options if option.is_open}
            self.values[step.id] = decided
        self._capture(step, plan)
        self.picture = self.after.get(step.id, self.picture)
        if step.verify:
            known = self.knowledge().shared
            assert step.verify.that.holds(known), (
                f"{step.id}: {step.verify.that.text} ({step.verify.that.explain(known)})"
            )

    def _capture(self, step: Step, plan: StepPlan) -> None:
        for target in plan.targets:
            environment = {**target.environment, "HAOPS_ATTEMPT": "0" * 32}
            for capture in step.captures:
                self.values[capture.name] = _captured(capture, environment)


def _captured(capture: Capture, environment: Mapping[str, str]) -> Any:
    """Return what the step's environment gives, or a sample of the form for what only a script could print."""
    if capture.value is not None:
        return take_all((capture,), "", environment)[capture.name]
    return SAMPLES[capture.type]
