"""What a step kind is: its fields, what of it is confirmed, how it runs, how an unknown outcome is probed.

Owns the protocol that `haops.runtime` drives. A kind must never decide whether it may run, nor record anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from haops.connectors.seam import AttemptReport, Connections, Order, RemoteState
from haops.core.conditions import Expression
from haops.core.inventory import Inventory
from haops.core.runbook import Step
from haops.core.session_state import Outcome
from haops.formats.vocabulary import StepKindFields

Variables = Mapping[str, Expression]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempting:
    """One attempt under way. `dispatch` must be called right before the first byte leaves: it is on disk after it.

    `look` observes afresh by observer name and returns what is known then. `shared_directory` is private to the
    session, for files that pass through the bastion. `statement` is what a person said was done. `was_accepted` says
    that the target had the attempt once: if it knows nothing of it now, its memory is gone, not the effect.
    """

    step: Step
    target: str
    order: Order
    connections: Connections
    timeout_s: float
    dispatch: Callable[[], None]
    accepted: Callable[[], None]
    output: Callable[[bytes], None]
    look: Callable[[tuple[str, ...]], Mapping[str, Any]]
    shared_directory: Path
    statement: str = ""
    was_accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an attempt ended, with the evidence in words."""

    outcome: Outcome
    evidence: str
    exit_status: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    dropped_bytes: int = 0


class StepKind(StepKindFields, Protocol):
    """One kind of step: what the runbook format knows of it, and how it is shown, run and probed."""

    def variables(self, action: Any) -> Variables:
        """Return the variables that the kind adds to the environment, so that they are shown and confirmed."""

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return the fixed text that is shown and confirmed."""

    def run(self, attempting: Attempting) -> Result:
        """Do it and wait. Raises ConnectorError; what that means depends on whether `dispatch` was called."""

    def probe(self, attempting: Attempting) -> Result | None:
        """Say whether an attempt with an unknown outcome happened, or None if that cannot be told yet."""

    def probing(self, step: Step, target: str) -> str:
        """Say in words what `probe` does for an attempt of the step on the target; changes with it."""


class CommonKind:
    """What most kinds have in common: the expressions in their action are the values of their variables."""

    # Without it every kind would have a dictionary again, slots or not.
    __slots__ = ()

    def names(self, action: Any) -> tuple[Expression, ...]:
        """Return the expressions inside the action: those of its variables."""
        return tuple(self.variables(action).values())

    def variables(self, action: Any) -> Variables:
        """Return no variables: a kind that has some says so."""
        del action
        return {}


ONLY_READS = "it only reads and may run again"


def may_run_again(why: str = ONLY_READS) -> Result:
    """Return what the probe of an attempt says that counts as not begun, whatever became of it."""
    return Result(outcome=Outcome.NOT_STARTED, evidence=why)


def judge_report(step: Step, report: AttemptReport) -> Result | None:
    """Return the result that an attempt's directory speaks of, or None while it does not tell.

    A script that runs still, and one that was lost or rebooted away, are not outcomes.
    """
    if report.state is RemoteState.DONE and report.exit_status is not None:
        return judge_exit(step, report.exit_status, report.stdout, report.stderr, dropped_bytes=report.dropped_bytes)
    # The probe has had the id taken by then: it can begin no more (see `script`).
    if report.state in (RemoteState.ABSENT, RemoteState.CLAIMED):
        return Result(outcome=Outcome.NOT_STARTED, evidence=f"the host says {report.state.value}")
    return None


def judge_exit(step: Step, exit_status: int, stdout: bytes, stderr: bytes, *, dropped_bytes: int = 0) -> Result:
    """Return the result of a script that ended, by what the step expects."""
    expected = exit_status in step.expect.exit
    # Programs say why in their last line; all the rest is kept as output.
    last = stderr.strip().splitlines()[-1:] if not expected else []
    said = f": {last[0].decode(errors='backslashreplace')[:300]}" if last else ""
    return Result(
        outcome=Outcome.SUCCEEDED if expected else Outcome.FAILED,
        evidence=f"exit status {exit_status}{said}",
        exit_status=exit_status,
        stdout=stdout,
        stderr=stderr,
        dropped_bytes=dropped_bytes,
    )
