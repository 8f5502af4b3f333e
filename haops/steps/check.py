"""The kind `check`: look afresh at what is named. Changes nothing."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from haops.core.inventory import Inventory
from haops.core.risk import Risk
from haops.core.runbook import Step
from haops.core.session_state import Outcome
from haops.steps.kind import Attempting, CommonKind, Result, may_run_again

_AGAIN = "looking changes nothing and may be done again"


@dataclass(frozen=True, slots=True)
class CheckKind(CommonKind):
    """Looks; the facts found are its output, so that a decision made on them can be checked later."""

    name: str = "check"
    model: Any = Annotated[list[str], Field(min_length=1, description="Observers to look with, afresh.")]
    needs_host: bool = False
    default_risk: Risk = Risk.READ

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return what is looked at."""
        del inventory
        return "look at " + ", ".join(step.action)

    def run(self, attempting: Attempting) -> Result:
        """Look, and give back the facts."""
        attempting.dispatch()
        facts = attempting.look(tuple(attempting.step.action))
        # Sorted, so that two looks can be compared line by line.
        said = json.dumps(dict(sorted(facts.items())), default=str, indent=1)
        return Result(outcome=Outcome.SUCCEEDED, evidence="looked", exit_status=0, stdout=said.encode())

    def probe(self, attempting: Attempting) -> Result | None:
        """Say that it may simply run again."""
        del attempting
        return may_run_again(_AGAIN)

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        del step, target
        return f"asks nothing: {_AGAIN}"


CHECK = CheckKind()
