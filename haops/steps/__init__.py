"""Step kinds, one file each; `registry` names them all.

Must never decide whether a step may run: the core does, and the runtime drives.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from haops.core.conditions import Expression
from haops.core.inventory import Inventory
from haops.core.runbook import Step

if TYPE_CHECKING:
    from haops.steps.kind import StepKind


def kinds() -> "Mapping[str, StepKind]":
    """Return every step kind by its name; they are loaded when they are first asked for."""
    from haops.steps.registry import KINDS  # noqa: PLC0415 - loads what checks their fields

    return KINDS


def preview(step: Step, inventory: Inventory) -> tuple[str, Mapping[str, Expression]]:
    """Return the fixed text of a step and the variables that its kind adds: what `core.planning` asks for."""
    kind = kinds()[step.kind]
    return kind.script(step, inventory), kind.variables(step.action)
