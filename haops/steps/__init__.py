"""Step kinds, one file each; this is their registry. A new kind is a file beside these and a line here.

Must never decide whether a step may run: the core does, and the runtime drives.
"""

from collections.abc import Mapping

from haops.core.conditions import Expression
from haops.core.inventory import Inventory
from haops.core.runbook import Step
from haops.steps.calls import ETCD, HTTP, KUBERNETES
from haops.steps.check import CHECK
from haops.steps.copy import COPY
from haops.steps.kind import StepKind
from haops.steps.person import CHOOSE, MANUAL
from haops.steps.script import LOCAL, SSH

KINDS: Mapping[str, StepKind] = {
    kind.name: kind for kind in (SSH, LOCAL, COPY, ETCD, KUBERNETES, HTTP, CHECK, CHOOSE, MANUAL)
}


def preview(step: Step, inventory: Inventory) -> tuple[str, Mapping[str, Expression]]:
    """Return the fixed text of a step and the variables that its kind adds: what `core.planning` asks for."""
    kind = KINDS[step.kind]
    return kind.script(step, inventory), kind.variables(step.action)
