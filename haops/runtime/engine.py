"""The engine: runs what was confirmed and only that, with or without a screen.

Owns the session while it is open: its log, its eyes, its runner. Every decision is `core.decide`'s; every change goes
through the log. Must never know a screen.
"""

import getpass
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from haops.connectors.seam import Connections
from haops.core import commands as cmd
from haops.core import events as ev
from haops.core.advance import closed_by_decisions, offered
from haops.core.clock import Clock
from haops.core.decide import Circumstances, Refusal, decide
from haops.core.facts import derive, derive_host
from haops.core.observations import Picture
from haops.core.planning import Knowledge, StepPlan, plan_step
from haops.core.runbook import Runbook
from haops.core.session import Entry
from haops.core.session_state import Session
from haops.core.signal import Signal, judge_all
from haops.core.signal_changes import changes
from haops.core.states import FINISHED, IllegalEvent, StepState
from haops.core.triage import triage
from haops.core.view import Notice, Output, View
from haops.errors import ConnectorError, HaopsError, JournalDamaged, JournalWriteFailed, Refused
from haops.runtime.attempts import Attempts
from haops.runtime.conclusion import Conclusion
from haops.runtime.curiosity import Curiosity
from haops.runtime.identity import identity_of
from haops.runtime.inputs import input_facts
from haops.runtime.outputs import Outputs
from haops.runtime.runner import Runner
from haops.runtime.session_log import SessionLog
from haops.runtime.states_seen import StatesSeen
from haops.runtime.watcher import Watcher
from haops.signals import RULES
from haops.steps import preview

RunbookSource = Callable[[], Sequence[Runbook]]
"""Reads the runbooks that triage chooses from."""
_NOTICES_KEPT = 50


class Engine:
    """A live session (see `runtime.live.LiveSession`)."""

    def __init__(
        self,
        log: SessionLog,
        connections: Connections,
        clock: Clock,
        *,
        operator: str,
        runbooks: RunbookSource = tuple,
    ) -> None:
        self._log = log
        self._connections = connections
        self._clock = clock
        self._operator = operator
        self._read_runbooks = runbooks
        self._runbooks: tuple[Runbook, ...] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._notices: tuple[Notice, ...] = ()
        self._stopped = threading.Event()
        self._signals: tuple[Signal, ...] = ()
        self._inputs: Mapping[str, Any] = {}
        self._states = StatesSeen()
        self._judging = threading.Lock()
        files = Path(log.journal.path) / "files"
        files.mkdir(exist_ok=True)
        # Snapshots are carried through it, and with them a cluster's Secrets.
        files.chmod(0o700)
        self._outputs = Outputs(self._tell)
        self._watcher = Watcher(connections, clock, self._seen)
        attempts = Attempts(log, connections, self._outputs, clock, lambda names: self.look(names).shared, files)
        self._attempts = attempts
        self._runner = Runner(log, attempts, connections, self, clock, self.notice)
        self._conclusion = Conclusion(log, self.look, clock, self._stopped)
        self._curiosity = Curiosity(self._watcher, clock, self.view)
        # Last: a commit calls back into all of the above.
        log.subscribe(self._committed)

    @property
    def connections(self) -> Connections:
        """The session's kept connections."""
        return self._connections

    @property
    def has_ended(self) -> bool:
        """Whether the operator left or the session was closed."""
        return self._stopped.is_set() or not self._log.session.is_open

    def start(self) -> None:
        """Begin to look, and go on where the journal says that things stand."""
        # First: conditions read them, and what follows judges by conditions.
        self._look_at_inputs()
        threading.Thread(target=self._open_eyes, name="opening its eyes", daemon=True).start()
        self._curiosity.start()
        self._advance()

    def _open_eyes(self) -> None:
        """Begin to look, and only then read the runbooks: what is true comes before what fits it."""
        self._watcher.start()
        try:
            self._runbooks = tuple(self._read_runbooks())
        except HaopsError as error:
            self.notice(str(error), "critical")
            self._runbooks = ()
        self._tell()

    def view(self) -> View:
        """Return one consistent look at the session."""
        # Each is read once and never changes: all of the view is about one moment.
        session, picture = self._log.session, self._watcher.picture
        known = self._knowledge(session, picture)
        opened = session.opened
        return View(
            session=session,
            inventory=self._connections.inventory,
            picture=picture,
            monotonic_s=self._clock.monotonic(),
            now=self._clock.now(),
            facts=known.shared,
            signals=self._signals,
            fits=triage(self._runbooks or (), self._signals),
            has_read_runbooks=self._runbooks is not None,
            plans={step: self._plan(step, session, known) for step in _to_plan(session)},
            intervals_s=self._watcher.intervals_s,
            journal_path=str(self._log.journal.path),
            journal_events=max(session.seq, 0),
            journal_lost=self._log.lost,
            notices=self._notices,
            is_drill=opened is not None and opened.mode == "drill",
            operator=self._operator,
        )

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def submit(self, command: cmd.Command) -> Refusal | None:
        """Carry out a command, or return why not."""
        try:
            # From the decision to its record nothing may change what it rests on.
            with self._log.lock:
                decision = decide(self._log.session, command, self._circumstances())
                if isinstance(decision, Refusal):
                    return decision
                # Before the commit, which starts the runner: the words belong to the attempt.
                if isinstance(command, cmd.Confirm) and command.statement:
                    self._runner.say(command.step, command.statement)
                if decision:
                    self._log.commit(*decision)
        except (JournalWriteFailed, Refused, IllegalEvent) as error:
            return Refusal(str(error))
        return self._act(command)

    def _circumstances(self) -> Circumstances:
        """Return what a decision may look at besides the session."""
        return Circumstances(operator=self._operator, plan_of=self.plan_of)

    def _act(self, command: cmd.Command) -> Refusal | None:
        """Do what a command asks for beyond its events."""
        match command:
            case cmd.Probe(attempt=attempt_id) | cmd.Cancel(attempt=attempt_id):
                attempt = self._log.session.attempts.get(attempt_id)
                if attempt is None:
                    return Refusal("there is no such attempt")
                work = self._attempts.cancel if isinstance(command, cmd.Cancel) else self._probe
                # In a thread: a host may take its time, and a screen waits for this call.
                threading.Thread(target=self._quietly, args=(work, attempt), daemon=True).start()
        return None

    def _probe(self, attempt: Any) -> None:
        """Probe an attempt's step now."""
        self._runner.probe_once(attempt.step)

    def _quietly(self, work: Callable[[Any], None], attempt: Any) -> None:
        """Do something about an attempt; what goes wrong becomes a notice."""
        try:
            work(attempt)
        except (ConnectorError, JournalWriteFailed) as error:
            self.notice(str(error))

    def choose_runbook(self, runbook: Runbook, inputs: Mapping[str, Any]) -> Refusal | None:
        """Take up a runbook, with the identity of the cluster as it is seen now."""
        chosen = ev.RunbookChosen(
            name=runbook.name,
            source=runbook.source,
            digest=runbook.digest,
            text=runbook.text,
            inputs=inputs,
            includes=runbook.includes,
            identity=identity_of(self._connections.inventory, self._watcher.picture),
            signals=tuple(signal.name for signal in self._signals),
            operator=self._operator,
        )
        before = self._inputs
        # Before the commit, which offers the first steps: their conditions read them.
        self._inputs = input_facts(runbook.inputs, inputs, now_s=self._clock.now().timestamp())
        try:
            self._log.commit(chosen)
        except (JournalWriteFailed, IllegalEvent) as error:
            self._inputs = before
            return Refusal(str(error))
        return None

    def output(self, attempt: str) -> Output:
        """Return what an attempt has printed so far; of one that an earlier process ran, what the journal keeps."""
        printed, known = self._outputs.of(attempt), self._log.session.attempts.get(attempt)
        if printed.stdout or known is None or not known.stdout:
            return printed
        try:
            self._outputs.complete(attempt, self._log.journal.load_blob(known.stdout))
        except JournalDamaged as error:
            self._outputs.complete(attempt, str(error).encode())
        return self._outputs.of(attempt)

    def look_again(self) -> None:
        """Have everything observed afresh now."""
        self._watcher.look_again()

    def notice(self, text: str, severity: str = "warning") -> None:
        """Tell the operator something that is not an event."""
        told = Notice(at=self._clock.now(), severity=severity, text=text)
        self._notices = (*self._notices, told)[-_NOTICES_KEPT:]
        self._tell()

    def record(self, *events: ev.Event) -> None:
        """Record events that something beside the session brings: a drill its faults, a measurement its result."""
        self._log.commit(*events)

    def leave(self, reason: str) -> None:
        """Write down that the operator leaves, end all threads, close the journal. What runs on hosts goes on."""
        # On the way out several call this: the first reason stays.
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._runner.stop()
        self._curiosity.stop()
        self._watcher.stop()
        try:
            with self._judging:  # nothing is judged behind the last record
                self._log.commit(ev.SessionLeft(reason=reason))
        # It is left all the same; a list then shows the session as interrupted.
        except (JournalWriteFailed, IllegalEvent):
            pass
        finally:
            self._log.journal.close()
            self._connections.close()

    # What the runner asks for.

    def plan_of(self, step_id: str) -> StepPlan:
        """Return a step's plan as things are now. Raises IllegalEvent if there is no such step."""
        session = self._log.session
        session.step_run(step_id)
        return self._plan(step_id, session, self._knowledge(session, self._watcher.picture))

    def look(self, names: tuple[str, ...]) -> Knowledge:
        """Look afresh by observer name; return what is known then."""
        picture = self._watcher.look(names) if names else self._watcher.picture
        return self._knowledge(self._log.session, picture)

    def _plan(self, step_id: str, session: Session, known: Knowledge) -> StepPlan:
        """Return a step's plan from what is known."""
        runbook = session.runbook
        if runbook is None:
            raise IllegalEvent("no runbook was chosen")
        return plan_step(
            runbook.step(step_id),
            self._connections.inventory,
            known,
            preview,
            session_id=session.id,
            kept=session.steps[step_id].kept,
        )

    def _knowledge(self, session: Session, picture: Picture) -> Knowledge:
        """Return everything that conditions may read."""
        inventory = self._connections.inventory
        shared = {**derive(picture, inventory), **self._inputs, **session.values}

        def of_host(host: str) -> Mapping[str, Any]:
            return {**derive_host(picture, inventory, host), **session.target_values.get(host, {})}

        return Knowledge(shared=shared, of_host=of_host)

    def _look_at_inputs(self) -> None:
        """Look at the inputs of a runbook that was chosen before this process began."""
        session = self._log.session
        if session.runbook:
            given = session.chosen.inputs if session.chosen else {}
            self._inputs = input_facts(session.runbook.inputs, given, now_s=self._clock.now().timestamp())

    # What happens by itself.

    def _tell(self) -> None:
        """Tell the listeners that something changed."""
        # A copy: a listener may be taken away while it is told.
        for listener in tuple(self._listeners):
            listener()

    def _committed(self, entries: Sequence[Entry]) -> None:
        """After a commit: see what follows by itself."""
        # States come with every look, and by themselves they open no step.
        if any(not isinstance(entry.event, ev.StateSeen) for entry in entries):
            self._advance()
        self._tell()

    def _seen(self) -> None:
        """After a look: judge, record what changed, and see what follows."""
        if self._stopped.is_set() or self._log.lost:
            return
        try:
            with self._judging:
                if not self._stopped.is_set():
                    self._judge()
            self._advance()
        except JournalWriteFailed as error:
            self.notice(str(error), "critical")
        self._tell()

    def _judge(self) -> None:
        """Judge the signals and record those that changed, and states of things that changed."""
        picture, inventory = self._watcher.picture, self._connections.inventory
        self._signals = judge_all(RULES.values(), derive(picture, inventory))
        with self._log.lock:
            changed = (*changes(self._log.session.signals, self._signals), *self._states.changes(picture))
            if changed and self._log.session.is_open:
                self._log.commit(*changed)

    def _advance(self) -> None:
        """Offer what is ready, skip what does not apply, and have the runner see to what is under way."""
        if self._stopped.is_set() or self._log.lost:
            return
        with self._log.lock:
            session = self._log.session
            if session.runbook is None or not session.is_open:
                return
            for step_id in session.in_state(StepState.READY):
                self._offer(step_id)
            skipped = closed_by_decisions(self._log.session)
            if skipped:
                self._log.commit(*skipped)
        for step_id, run in self._log.session.steps.items():
            self._runner.pursue(step_id, run.state)

    def _offer(self, step_id: str) -> None:
        """Offer a ready step or skip it; one whose condition is unknown waits."""
        session = self._log.session
        event = offered(session, step_id, self._knowledge(session, self._watcher.picture).shared)
        if event:
            self._log.commit(event)

    def is_finished(self) -> bool:
        """Return whether every step has succeeded or was skipped."""
        steps = self._log.session.steps
        return bool(steps) and all(run.state in FINISHED for run in steps.values())

    def check_done(self) -> str:
        """Look whether all that must hold at the end holds; record it if so. Returns what does not hold, in words."""
        return self._conclusion.check()


def _to_plan(session: Session) -> tuple[str, ...]:
    """Return the steps whose plan a screen shows: those that are next."""
    return session.in_state(StepState.READY, StepState.AWAITING_CONFIRMATION, StepState.FAILED, StepState.RUNNING)


def operator_name() -> str:
    """Return who operates: who called sudo, or the login."""
    try:
        # Under sudo the login is root, which would tell nobody who it was.
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
