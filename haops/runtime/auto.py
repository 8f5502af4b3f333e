"""An operator that confirms by itself. Exists for drills in the lab only: `core.decide` refuses it anywhere else.

Owns the order in which it takes what is offered: always the first, and in a decision the first answer that is open.
"""

from collections.abc import Mapping
from typing import Any

from haops.core import commands as cmd
from haops.core.decide import Refusal
from haops.core.planning import StepPlan
from haops.core.runbook import Runbook
from haops.core.states import StepState
from haops.runtime.changes import Changes
from haops.runtime.engine import Engine

_TRIED_AGAIN_AT_MOST = 3


class AutoOperator:
    """Confirms whatever waits, tries what failed again, and stops when nothing can be done any more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._failures: dict[str, int] = {}

    def take_up(self, runbook: Runbook, inputs: Mapping[str, Any], *, within_s: float, clock: Any) -> str:
        """Wait until triage says that the runbook fits, then choose it. Returns why not, or nothing."""
        deadline = clock.monotonic() + within_s
        with Changes(self._engine) as changes:
            while clock.monotonic() < deadline:
                fits = [fit for fit in self._engine.view().fits if fit.fits and fit.runbook.name == runbook.name]
                if fits:
                    refusal = self._engine.choose_runbook(runbook, inputs)
                    return str(refusal) if refusal else ""
                changes.wait()
        return f"no signal spoke for {runbook.name} within {within_s:.0f} s"

    def run(self, *, within_s: float, clock: Any) -> str:
        """Confirm until every step has ended. Returns what stopped it, or nothing."""
        deadline = clock.monotonic() + within_s
        with Changes(self._engine) as changes:
            while clock.monotonic() < deadline:
                if self._engine.is_finished():
                    return ""
                stuck = self._act()
                if stuck:
                    return stuck
                changes.wait()
        return f"not finished within {within_s:.0f} s"

    def _act(self) -> str:
        """Take everything that is offered now. Returns why no progress is possible, or nothing."""
        view = self._engine.view()
        if view.journal_lost:
            return f"the journal takes no more records: {view.journal_lost}"
        waiting = view.session.in_state(StepState.AWAITING_CONFIRMATION)
        for step_id in waiting:
            plan = view.plans.get(step_id)
            # A problem passes by itself, such as a value that is not known yet: until then it waits.
            if plan is not None and not plan.problem:
                # A refusal is no end: the plan may have changed, and the next look takes the new one.
                self._answer(plan)
        failed = view.session.in_state(StepState.FAILED)
        if not failed:
            return ""
        return self._try_again(failed[0], view.session.steps[failed[0]].reason)

    def _answer(self, plan: StepPlan) -> Refusal | None:
        """Confirm one step, or decide by the first open answer."""
        step = plan.step
        if plan.options:
            taken = next((option for option in plan.options if option.is_open), None)
            if taken is None:
                return None
            return self._engine.submit(cmd.Choose(step=step.id, value=taken.option.value, answer=cmd.Answer.AUTO))
        statement = "confirmed by the drill" if step.kind == "manual" else ""
        return self._engine.submit(
            cmd.Confirm(step=step.id, plan_digest=plan.digest, answer=cmd.Answer.AUTO, statement=statement)
        )

    def _try_again(self, step_id: str, reason: str) -> str:
        """Try a failed step again, a few times at most."""
        failures = self._failures[step_id] = self._failures.get(step_id, 0) + 1
        if failures > _TRIED_AGAIN_AT_MOST:
            return f"{step_id} failed {failures} times: {reason}"
        refusal = self._engine.submit(cmd.Retry(step=step_id, reason=f"tried again by the drill: {reason}"))
        return str(refusal) if refusal else ""
