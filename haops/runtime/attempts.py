"""Making one attempt of one step on one target, and settling one whose outcome is unknown.

Owns the order intent, dispatch, outcome, and what a broken connection means at each point. Must never decide whether a
step may run: by the time it comes here, exactly this was confirmed.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from haops.connectors.seam import Connections, Order
from haops.core import events as ev
from haops.core.capture import CaptureFailed, take_all
from haops.core.clock import Clock
from haops.core.runbook import Step
from haops.core.session_state import Attempt, Outcome
from haops.errors import (
    ConnectFailed,
    ConnectorError,
    Denied,
    HaopsError,
    JournalWriteFailed,
    RemoteFailed,
    TimedOut,
)
from haops.runtime.outputs import Outputs
from haops.runtime.session_log import SessionLog
from haops.steps import kinds
from haops.steps.kind import Attempting, Result

# Each launch tells them again, so that one which did not arrive leaves nothing behind; more would only make it longer.
_RECORDED_TOLD = 8

Look = Callable[[tuple[str, ...]], Mapping[str, Any]]


class Attempts:
    """Makes attempts for one session. Every method may be called from any thread."""

    def __init__(  # noqa: PLR0917 - the parts of a session that an attempt needs, wired in one place
        self, log: SessionLog, connections: Connections, outputs: Outputs, clock: Clock, look: Look, files: Path
    ) -> None:
        self._log = log
        self._connections = connections
        self._outputs = outputs
        self._clock = clock
        self._look = look
        self._files = files

    def make(self, step: Step, attempt_id: str, target: str, planned: Mapping[str, Any], statement: str = "") -> None:
        """Make an attempt that was intended, and record how it ended. Never raises but for a lost journal."""
        began = self._clock.monotonic()
        sent = threading.Event()
        attempting = self._attempting(step, attempt_id, target, planned, statement, sent)
        try:
            result = kinds()[step.kind].run(attempting)
        except ConnectorError as error:
            result = self._broken(error, attempting, sent=sent.is_set())
        except HaopsError as error:
            result = Result(outcome=Outcome.NOT_STARTED if not sent.is_set() else Outcome.FAILED, evidence=str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave an attempt without an outcome
            outcome = Outcome.UNKNOWN if sent.is_set() else Outcome.NOT_STARTED
            result = Result(outcome=outcome, evidence=f"haops itself failed: {type(error).__name__}: {error}")
        self._end(attempting, result, int((self._clock.monotonic() - began) * 1000))

    def _broken(self, error: ConnectorError, attempting: Attempting, *, sent: bool) -> Result:
        """Return what a connector's error means for the attempt.

        Refused, denied, or failing before the dispatch: it did not begin. An answer that it failed is an answer. After
        the dispatch everything else is unknown.
        """
        if isinstance(error, TimedOut) and sent:
            order = attempting.order
            waited_ms = int(attempting.timeout_s * 1000)
            self._log.commit(
                ev.WaitEnded(
                    step=attempting.step.id, target=attempting.target, attempt=order.attempt_id, waited_ms=waited_ms
                )
            )
        if not sent or isinstance(error, ConnectFailed | Denied):
            return Result(outcome=Outcome.NOT_STARTED, evidence=str(error))
        outcome = Outcome.FAILED if isinstance(error, RemoteFailed) else Outcome.UNKNOWN
        return Result(outcome=outcome, evidence=str(error))

    def _end(self, attempting: Attempting, result: Result, duration_ms: int) -> None:
        """Record the outcome, with its output and what was captured from it."""
        result, captures = self._capture(attempting, result)
        self._outputs.complete(attempting.order.attempt_id, result.stdout)
        self._log.commit(
            ev.AttemptEnded(
                step=attempting.step.id,
                target=attempting.target,
                attempt=attempting.order.attempt_id,
                outcome=result.outcome.value,
                evidence=result.evidence,
                exit_status=result.exit_status,
                stdout=self._keep(result.stdout),
                stderr=self._keep(result.stderr),
                dropped_bytes=result.dropped_bytes,
                captures=captures,
                duration_ms=duration_ms,
            )
        )

    def _keep(self, content: bytes) -> str:
        """Return the name under which output is kept; none for no output, or if the disk does not take it.

        The outcome counts more than what was printed: it is recorded all the same.
        """
        try:
            return self._log.journal.store_blob(content) if content else ""
        except JournalWriteFailed:
            return ""

    def _capture(self, attempting: Attempting, result: Result) -> tuple[Result, dict[str, Any]]:
        """Return the result with what was captured; a value without its form makes it a failure."""
        if result.outcome is not Outcome.SUCCEEDED:
            return result, {}
        stdout = result.stdout.decode(errors="backslashreplace")
        try:
            return result, take_all(attempting.step.captures, stdout, attempting.order.environment)
        except CaptureFailed as error:
            failed = Result(
                outcome=Outcome.FAILED,
                evidence=str(error),
                exit_status=result.exit_status,
                stdout=result.stdout,
                stderr=result.stderr,
            )
            return failed, {}

    def settle(self, step: Step, attempt: Attempt, planned: Mapping[str, Any]) -> bool:
        """Probe an unknown attempt once; record and return whether that settled it."""
        attempting = self._attempting(step, attempt.id, attempt.target, planned, "", threading.Event())
        attempting = replace(attempting, was_accepted=attempt.accepted)
        try:
            result = kinds()[step.kind].probe(attempting)
        # Not to be reached now: that says nothing about the attempt, and it is asked again.
        except ConnectorError:
            return False
        if result is None:
            return False
        result, captures = self._capture(attempting, result)
        with self._log.lock:
            # The operator, or another probe, may have settled it while the host was asked.
            if self._log.session.attempts[attempt.id].outcome is not Outcome.UNKNOWN:
                return True
            self._log.commit(
                ev.AttemptSettled(
                    step=step.id,
                    target=attempt.target,
                    attempt=attempt.id,
                    outcome=result.outcome.value,
                    by="probe",
                    evidence=result.evidence,
                    exit_status=result.exit_status,
                    stdout=self._keep(result.stdout),
                    stderr=self._keep(result.stderr),
                    captures=captures,
                )
            )
        return True

    def cancel(self, attempt: Attempt) -> None:
        """Ask a running attempt to end. Raises ConnectorError if the asking itself did not work."""
        self._connections.shell(attempt.target).cancel(attempt.id, timeout_s=10.0)

    def _attempting(  # noqa: PLR0917 - one record of many parts
        self,
        step: Step,
        attempt_id: str,
        target: str,
        planned: Mapping[str, Any],
        statement: str,
        sent: threading.Event,
    ) -> Attempting:
        """Return the attempt as a step kind gets it."""
        place = {"step": step.id, "target": target, "attempt": attempt_id}

        def dispatch() -> None:
            """Record, once, that bytes are about to leave."""
            if not sent.is_set():
                self._log.commit(ev.AttemptDispatched(**place))
                # Only when it is on disk: if the journal is lost here, nothing has left.
                sent.set()

        order = Order(
            attempt_id=attempt_id,
            script=planned["script"],
            # Not in the plan: each attempt has its own id, and the digest that was confirmed holds for all.
            environment={**planned["environment"], "HAOPS_ATTEMPT": attempt_id},
            session_id=self._log.session.id,
            # The intent is on disk by now: the host keeps how far the journal had come as a witness.
            sequence=self._log.journal.next_seq - 1,
            head=self._log.journal.head,
            recorded=self._recorded_on(target),
        )
        return Attempting(
            step=step,
            target=target,
            order=order,
            connections=self._connections,
            timeout_s=step.timeout_s,
            dispatch=dispatch,
            accepted=lambda: self._accepted(**place),
            output=lambda piece: self._outputs.add(attempt_id, piece),
            look=self._look,
            shared_directory=self._files,
            statement=statement,
        )

    def _recorded_on(self, target: str) -> tuple[str, ...]:
        """Return the latest attempts there whose results came from there and are on disk."""
        attempts = self._log.session.attempts.values()
        known = [attempt.id for attempt in attempts if attempt.target == target and attempt.exit_status is not None]
        return tuple(known[-_RECORDED_TOLD:])

    def _accepted(self, step: str, target: str, attempt: str) -> None:
        """Record that the other side has the attempt."""
        self._log.commit(ev.AttemptAccepted(step=step, target=target, attempt=attempt))
