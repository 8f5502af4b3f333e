"""The two kinds that run a script: `ssh` on hosts, `local` on the bastion."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from haops.connectors.seam import RemoteState
from haops.core.inventory import Inventory
from haops.core.risk import Risk
from haops.core.runbook import Effect, Step
from haops.core.session_state import Outcome
from haops.errors import ConnectionLost, RemoteFailed
from haops.formats.fields import Document
from haops.steps.kind import ONLY_READS, Attempting, CommonKind, Result, judge_exit, judge_report, may_run_again

# The probe of an attempt reads a few small files; a host that takes longer is asked again later.
PROBE_TIMEOUT_S = 10.0


class LayoutScripts(Document):
    """One script for each layout; the cluster's layout says which is shown, confirmed and run."""

    kubeadm: Annotated[str, Field(description="Script where etcd and the control plane are static pods.")]
    systemd: Annotated[str, Field(description="Script where etcd is a systemd unit.")]


Script = Annotated[str | LayoutScripts, Field(description="POSIX shell, or one script for each layout.")]


@dataclass(frozen=True, slots=True)
class ScriptKind(CommonKind):
    """Runs a fixed script; values reach it as environment variables only, and those stand in the step's `env`."""

    name: str
    needs_host: bool
    model: Any = Script
    default_risk: Risk = Risk.CHANGE

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return the script for the cluster's layout."""
        if isinstance(step.action, LayoutScripts):
            return str(getattr(step.action, inventory.layout.value))
        return str(step.action)

    def run(self, attempting: Attempting) -> Result:
        """Run it: a read on the open connection, everything else detached under the attempt's id."""
        shell = attempting.connections.shell(attempting.target)
        # Connected before it is recorded as sent: what fails here has certainly not begun.
        shell.open()
        if attempting.step.effect is Effect.READ:
            return self._read(attempting)
        attempting.dispatch()
        try:
            report = shell.launch(
                attempting.order,
                timeout_s=attempting.timeout_s,
                on_accepted=attempting.accepted,
                on_output=attempting.output,
            )
        except RemoteFailed as error:
            # The host refused to begin (no room, no place for the attempt); what comes later is a lost connection.
            return Result(outcome=Outcome.NOT_STARTED, evidence=str(error))
        result = judge_report(attempting.step, report)
        # While it waits here only an end counts; anything else is for the probe to tell.
        if result is None or report.state is not RemoteState.DONE:
            raise ConnectionLost(f"the attempt is {report.state.value}", where=attempting.target)
        return result

    def _read(self, attempting: Attempting) -> Result:
        """Run a script that only reads; it may run again by itself."""
        shell = attempting.connections.shell(attempting.target)
        attempting.dispatch()
        order = attempting.order
        # One try more than the runbook asks for: after a lost connection a read may always run again.
        for left in reversed(range(attempting.step.retries + 2)):
            try:
                answer = shell.run(order.script, environment=order.environment, timeout_s=attempting.timeout_s)
            except ConnectionLost:
                if not left:
                    raise
                continue
            if answer.exit_status is not None:
                attempting.output(answer.stdout)
                return judge_exit(attempting.step, answer.exit_status, answer.stdout, answer.stderr)
        raise ConnectionLost("the host sent no exit status", where=attempting.target)

    def probe(self, attempting: Attempting) -> Result | None:
        """Ask the attempt's directory on the host; then the runbook's own probe, if it has one."""
        if attempting.step.effect is Effect.READ:
            return may_run_again()
        shell = attempting.connections.shell(attempting.target)
        report = shell.probe(attempting.order.attempt_id, timeout_s=PROBE_TIMEOUT_S)
        has_forgotten = attempting.was_accepted and report.state is RemoteState.ABSENT
        if report.state in (RemoteState.ABSENT, RemoteState.CLAIMED) and not has_forgotten:
            # What was sent may still arrive: cancelling takes the id, so that it can never begin from now on.
            shell.cancel(attempting.order.attempt_id, timeout_s=PROBE_TIMEOUT_S)
            report = shell.probe(attempting.order.attempt_id, timeout_s=PROBE_TIMEOUT_S)
        result = None if has_forgotten else judge_report(attempting.step, report)
        if result is not None or report.state is RemoteState.RUNNING or not attempting.step.probe:
            return result
        # With the environment that was confirmed: it asks about exactly that attempt.
        answer = shell.run(attempting.step.probe, environment=attempting.order.environment, timeout_s=PROBE_TIMEOUT_S)
        verdicts = {0: Outcome.SUCCEEDED, 1: Outcome.FAILED}
        if answer.exit_status not in verdicts:
            return None
        outcome = verdicts[answer.exit_status]
        evidence = f"the runbook's probe ended with {answer.exit_status}"
        return Result(outcome=outcome, evidence=evidence, stdout=answer.stdout, stderr=answer.stderr)

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        if step.effect is Effect.READ:
            return f"asks nothing: {ONLY_READS}"
        own = "; if that says nothing, runs the runbook's own probe" if step.probe else ""
        return f"reads the attempt's run directory on {target}; what has not begun by then never will{own}"


SSH = ScriptKind(name="ssh", needs_host=True)
LOCAL = ScriptKind(name="local", needs_host=False)
