"""Running a confirmed step: the last look at guards, its targets in their order, its verification.

Owns the threads in which steps run; they outlive any screen. Must never start anything that the journal does not hold
as confirmed.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from haops.connectors.seam import Connections
from haops.core import events as ev
from haops.core.clock import Clock
from haops.core.conditions import Expression
from haops.core.decide import held_guard
from haops.core.facts import kinds_for
from haops.core.inventory import BASTION
from haops.core.planning import Knowledge, StepPlan
from haops.core.runbook import Spread, Step
from haops.core.session_state import Outcome
from haops.core.states import StepState
from haops.errors import ConnectorError, JournalWriteFailed
from haops.runtime.attempts import Attempts
from haops.runtime.session_log import SessionLog

# A thread each, which mostly waits; 50 hosts at once were measured to take 1.1 s for a step of 0.5 s.
_PARALLEL_TARGETS = 64
_PROBE_FIRST_S = 1.0
# A host that boots is back within a minute or two; asking more often would only fill its log.
_PROBE_LONGEST_S = 15.0


class Surroundings(Protocol):
    """What a runner asks of the session around it."""

    def plan_of(self, step_id: str) -> StepPlan:
        """Return the step's plan as things are now."""

    def look(self, names: tuple[str, ...]) -> Knowledge:
        """Look afresh by observer name; return what is known then."""


class Runner:
    """Runs steps for one session, each in a thread of its own."""

    def __init__(  # noqa: PLR0917 - the parts of a session, wired in one place
        self,
        log: SessionLog,
        attempts: Attempts,
        connections: Connections,
        around: Surroundings,
        clock: Clock,
        told: Callable[[str], None],
    ) -> None:
        self._log = log
        self._attempts = attempts
        self._connections = connections
        self._around = around
        self._clock = clock
        self._told = told
        self._stopping = threading.Event()
        self._busy: set[str] = set()
        self._statements: dict[str, str] = {}
        self._targets = ThreadPoolExecutor(_PARALLEL_TARGETS, thread_name_prefix="target")

    def stop(self) -> None:
        """Begin nothing more. What runs on hosts goes on; what waits here gives up at its deadline."""
        self._stopping.set()
        # Waiting could take as long as the longest script; its outcome is on the host.
        self._targets.shutdown(wait=False, cancel_futures=True)

    def say(self, step_id: str, statement: str) -> None:
        """Keep what a person said about a step done by hand until its attempt is made."""
        self._statements[step_id] = statement

    def pursue(self, step_id: str, state: StepState) -> None:
        """See to it that something is done about a step in this state; called after every change."""
        work = {
            StepState.RUNNING: self._run,
            StepState.VERIFYING: self._verify,
            StepState.UNKNOWN: self._settle,
        }.get(state)
        # Called from every thread that commits: exactly one of them may take the step up.
        with self._log.lock:
            if work is None or step_id in self._busy or self._stopping.is_set():
                return
            self._busy.add(step_id)
        name = f"{state.value} {step_id}"
        threading.Thread(target=self._work, args=(work, step_id, state), name=name, daemon=True).start()

    def _work(self, work: Callable[[str], None], step_id: str, state: StepState) -> None:
        """Do the work; a lost journal ends it, because nothing may happen that cannot be recorded."""
        try:
            work(step_id)
        except JournalWriteFailed as error:
            self._told(str(error))
        finally:
            with self._log.lock:
                self._busy.discard(step_id)
        self._follow_up(step_id, state)

    def _follow_up(self, step_id: str, before: StepState) -> None:
        """Go on with what the step has become while its thread still ended; the same state is never taken up twice."""
        run = self._log.session.steps.get(step_id)
        if run is not None and run.state is not before and not self._log.lost:
            self.pursue(step_id, run.state)

    def _step(self, step_id: str) -> Step:
        runbook = self._log.session.runbook
        if runbook is None:
            raise KeyError(step_id)
        return runbook.step(step_id)

    def _run(self, step_id: str) -> None:
        """Run a confirmed step on its targets, group by group; a group that does not succeed is the last."""
        if self._log.session.round_attempts(step_id):
            self._close_open(step_id)
            return
        confirmed = self._log.session.step_run(step_id)
        step = self._step(step_id)
        plan, reason = self._last_look(step, confirmed.plan_digest)
        reason = reason or self._connect(plan)
        if reason:
            self._log.commit(ev.StepHeld(step=step_id, reason=reason))
            return
        for group in _groups(step, [target.target for target in plan.targets]):
            self._run_group(step, plan, group)
            ended = self._log.session.round_attempts(step_id)
            if self._stopping.is_set() or any(attempt.outcome is not Outcome.SUCCEEDED for attempt in ended):
                return

    def _close_open(self, step_id: str) -> None:
        """Call the attempts unknown whose end was never recorded: a round is begun once, whatever went wrong in it."""
        for attempt in self._log.session.round_attempts(step_id):
            if attempt.outcome is None:
                self._log.commit(
                    ev.AttemptEnded(
                        step=step_id,
                        target=attempt.target,
                        attempt=attempt.id,
                        outcome=Outcome.UNKNOWN,
                        evidence="its end could not be recorded",
                    )
                )

    def _last_look(self, step: Step, confirmed_digest: str) -> tuple[StepPlan, str]:
        """Look at the guards' facts once more; return the plan as it is now and why it may not run (or nothing)."""
        names = tuple(name for guard in step.guards for name in guard.that.names)
        kinds = kinds_for(names)
        if kinds:
            self._around.look(tuple(kind.value for kind in sorted(kinds)))
        plan = self._around.plan_of(step.id)
        if plan.problem:
            return plan, plan.problem
        # The digest covers script, environment, targets and guards: what was read is what runs.
        if plan.digest != confirmed_digest:
            return plan, "what would run has changed since it was confirmed"
        return plan, held_guard(plan, self._overrides(step.id))

    def _overrides(self, step_id: str) -> Mapping[str, str]:
        """Return the reasons that were typed when the step was confirmed."""
        confirmation = self._log.session.confirmations.get(step_id)
        return confirmation.overrides if confirmation else {}

    def _connect(self, plan: StepPlan) -> str:
        """Open a connection to every host before anything changes; return what failed, in words."""
        # A host that cannot be reached is found out now, not when half of the others have been changed.
        hosts = [target.target for target in plan.targets if target.target != BASTION]
        failures = [failure for failure in self._targets.map(self._open, hosts) if failure]
        return "; ".join(failures)

    def _open(self, host: str) -> str:
        """Open one connection; return why it did not work, or nothing."""
        try:
            self._connections.shell(host).open()
        except ConnectorError as error:
            return str(error)
        return ""

    def _run_group(self, step: Step, plan: StepPlan, group: list[str]) -> None:
        """Make an attempt on each target of a group, side by side, and wait for all of them."""
        # 128 random bits: the id is a directory's name on the host, and all that keeps two runs apart.
        ids = {target: secrets.token_hex(16) for target in group}
        intents = [
            ev.AttemptIntended(step=step.id, target=target, attempt=ids[target], plan_digest=plan.digest)
            for target in group
        ]
        # One sync for the whole group, before the first byte leaves.
        self._log.commit(*intents)
        planned = plan.as_record()
        statement = self._statements.pop(step.id, "")
        made = [
            self._targets.submit(self._attempts.make, step, ids[target], target, planned[target], statement)
            for target in group
        ]
        # What comes out here is a lost journal, and that has to end the step.
        for attempt in made:
            attempt.result()

    def _verify(self, step_id: str) -> None:
        """Look until what must come true is true, or the time is up."""
        step = self._step(step_id)
        if step.verify is None:
            return
        began_s = self._clock.monotonic()
        targets = self._log.session.step_run(step_id).targets
        names = tuple(sorted(kind.value for kind in kinds_for(step.verify.that.names)))
        while not self._stopping.is_set():
            known = self._around.look(names)
            waited_s = self._clock.monotonic() - began_s
            # Looked at first: what is true already at the deadline counts.
            holds, values = _look_at(step.verify.that, known, targets)
            if holds or waited_s >= step.verify.within_s:
                verified = ev.VerificationPassed if holds else ev.VerificationFailed
                text, waited_ms = step.verify.that.text, int(waited_s * 1000)
                self._log.commit(verified(step=step_id, condition=text, values=values, duration_ms=waited_ms))
                return
            self._stopping.wait(step.verify.every_s)

    def _settle(self, step_id: str) -> None:
        """Probe a step's unknown attempts until they are settled, by a probe or by a person."""
        pause_s = _PROBE_FIRST_S
        while not self._stopping.is_set():
            if self.probe_once(step_id):
                return
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, _PROBE_LONGEST_S)

    def probe_once(self, step_id: str) -> bool:
        """Probe each unknown attempt of a step once; return whether none is left."""
        step = self._step(step_id)
        planned = self._log.session.confirmations[step_id].plan
        unknown = [a for a in self._log.session.round_attempts(step_id) if a.outcome is Outcome.UNKNOWN]
        for attempt in unknown:
            self._attempts.settle(step, attempt, planned[attempt.target])
        return self._log.session.step_run(step_id).state is not StepState.UNKNOWN


def _groups(step: Step, targets: list[str]) -> Iterator[list[str]]:
    """Yield the targets in the groups that run side by side."""
    spread = step.on.spread if step.on else Spread.PARALLEL
    # Where there is no target at all, a range still wants a step that is not 0.
    size = {Spread.SERIAL: 1, Spread.BATCH: step.on.batch_size if step.on else 1}.get(spread, len(targets)) or 1
    return (targets[start : start + size] for start in range(0, len(targets), size))


def _look_at(condition: Expression, known: Knowledge, targets: tuple[str, ...]) -> tuple[bool, str]:
    """Return whether a condition is known to hold (on every target, if it reads host facts), and the values."""
    places = targets if any(name.startswith("host.") for name in condition.names) else (BASTION,)
    answers = {place: condition.holds(known.on(place)) for place in places}
    worst = next((place for place, answer in answers.items() if not answer), places[0])
    return all(answers.values()), condition.explain(known.on(worst))
