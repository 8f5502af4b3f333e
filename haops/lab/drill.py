"""One drill: a healthy cluster, writes from outside, faults, repair by whoever operates, and the result.

Owns the order of these. Must never confirm a step (an operator does) and never know a screen.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from haops.core import commands as cmd
from haops.core import events as ev
from haops.core.observations import Kind
from haops.errors import LabError
from haops.lab.attached import AttachedLab
from haops.lab.faults.active import ActiveFaults
from haops.lab.faults.fault import Injection
from haops.lab.history import DrillKind
from haops.lab.measure import loss_stated, outside_steps, step_times
from haops.lab.report import DrillReport, Objective
from haops.lab.scenarios import Scenario, Variant
from haops.lab.writer.remote import Writer, WriterStatus, WriterVerdict
from haops.runtime.drill_moments import DETECTED, DONE, moments_s
from haops.runtime.engine import Engine
from haops.runtime.journal_reader import read_journal

# Three API servers on two cores were measured to be ready after 12 to 16 s.
_HEALTHY_WITHIN_S = 90.0
_LOOK_EVERY_S = 0.05
# Enough to tell an outage from the time between two writes (25 a second).
_WRITES_BEFORE = 30
_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is rehearsed, and where."""

    scenario: Scenario
    variant: Variant
    flavour: str

    @property
    def kind(self) -> DrillKind:
        """What makes two drills comparable."""
        return DrillKind(self.scenario.name, self.variant.name, self.flavour)


class Drill:
    """Runs beside a session on a lab's cluster. `say` gets one line about each thing that happens."""

    def __init__(self, setting: Setting, lab: AttachedLab, engine: Engine, say: Callable[[str], None]) -> None:
        self.setting = setting
        self._lab = lab
        self._engine = engine
        self._say = say
        self._directory = Path(engine.view().journal_path) / "files"
        self._writer: Writer | None = None

    @property
    def older_snapshot(self) -> Path:
        """Where the variant's older snapshot lies on the bastion."""
        return self._directory / "older-snapshot.db"

    @property
    def inputs(self) -> dict[str, str]:
        """Inputs of the runbook that the variant brings."""
        name = self.setting.variant.snapshot_input
        return {name: str(self.older_snapshot)} if name else {}

    @property
    def is_broken(self) -> bool:
        """Whether the faults are in the record already: a resumed drill breaks nothing twice."""
        return any(record.type == "fault.injected" for record in read_journal(self._directory.parent).records)

    def begin(self) -> None:
        """Wait for a healthy cluster and start writing. Raises LabError if it does not become healthy."""
        self._wait_until_healthy()
        self.go_on()
        self._say("the writer writes")

    def go_on(self) -> None:
        """Write, and go on writing where a drill that was interrupted left off."""
        inventory = Path(self._engine.view().inventory.source)
        self._writer = Writer.start(inventory, self._directory / "writes.jsonl")

    def break_it(self) -> None:
        """Inject the variant's faults, each written down."""
        variant = self.setting.variant
        self._say(f"variant {variant.name}: it may lose {variant.expected_loss}")
        # Else the first moments of the outage could be those of a writer that had not begun.
        self._running_writer().await_acknowledged(_WRITES_BEFORE)
        if variant.snapshot_input:
            self._take_snapshot()
            self._running_writer().await_acknowledged(variant.writes_after_snapshot)
        # Not in a `with`: the faults outlive this process, for they stay until the drill is done.
        faults = ActiveFaults(self._lab)
        for injection in variant.injections(self._hosts(), self._leader()):
            # On record first: a drill that is killed in between must not break anything a second time.
            self._engine.record(ev.FaultInjected(fault=injection.fault, targets=injection.hosts, detail=str(injection)))
            faults.inject(injection)
            self._say(f"fault: {injection}")

    def _hosts(self) -> tuple[str, ...]:
        """Return the hosts that have an etcd member."""
        return tuple(host.name for host in self._engine.view().inventory.with_role("etcd"))

    def _leader(self) -> str:
        """Return the host of the member that leads now. Raises LabError if none does."""
        view = self._engine.view()
        for member in view.inventory.etcd.members if view.inventory.etcd else ():
            seen = view.picture.value(Kind.ETCD_MEMBER, member.name)
            if seen is not None and seen.member_id == seen.leader_id:
                return member.host
        raise LabError("no etcd member leads", remedy="haops lab status")

    def _running_writer(self) -> Writer:
        """Return the writer. Raises LabError before it was started."""
        if self._writer is None:
            raise LabError("the writer was not started")
        return self._writer

    def _take_snapshot(self) -> None:
        """Save the snapshot that will be the older one."""
        member = self._hosts()[0]
        self._engine.connections.etcd(member).snapshot(str(self.older_snapshot), timeout_s=60)
        self._say("an older snapshot was saved on the bastion")

    def _wait_until_healthy(self) -> None:
        """Wait until every member and every API server is healthy."""
        deadline = time.monotonic() + _HEALTHY_WITHIN_S
        while time.monotonic() < deadline:
            facts = self._engine.view().facts
            members = facts.get("etcd.members_healthy") == facts.get("etcd.members_expected")
            if members and facts.get("api.ready") == facts.get("api.expected"):
                return
            time.sleep(_LOOK_EVERY_S)
        raise LabError(f"the lab's cluster was not healthy within {_HEALTHY_WITHIN_S:.0f} s", remedy="haops lab status")

    def finish(self, stopped_by: str = "") -> DrillReport:
        """Stop writing, count, measure, write the objectives down, close the session, and report."""
        if not stopped_by:
            stopped_by = self._engine.check_done()
        count = self._count(stopped_by)
        # After the count: it is the writer who counts.
        self.abandon()
        records = read_journal(self._directory.parent).records
        session = self._engine.view().session
        moments = moments_s(records, session.runbook)
        targets = session.runbook.objectives if session.runbook else {}
        objectives = self._objectives(targets, moments, count, done=not stopped_by)
        self._write_down(objectives, stopped_by)
        return DrillReport(
            scenario=self.setting.scenario.name,
            variant=self.setting.variant.name,
            flavour=self.setting.flavour,
            session=session.id,
            journal=str(self._directory.parent),
            done=not stopped_by,
            objectives=objectives,
            writes_acknowledged=count.acknowledged,
            writes_lost=len(count.lost) if isinstance(count, WriterVerdict) else 0,
            writes_unknown=count.unknown,
            outage_s=count.outage_s,
            loss_stated=loss_stated(records),
            steps=step_times(records, self.setting.kind, session.id),
            outside=outside_steps(records),
            moments_s=moments,
            stopped_by=stopped_by,
        )

    def _count(self, stopped_by: str) -> WriterStatus:
        """Count what became of the writes; a cluster that was not repaired cannot be asked what is lost."""
        writer = self._running_writer()
        if stopped_by:
            return writer.status()
        # A write that goes through now shows that clients are served again.
        writer.await_acknowledged(1)
        return writer.check()

    def _objectives(
        self, targets: Mapping[str, float], moments: dict[str, float], count: WriterStatus, *, done: bool
    ) -> tuple[Objective, ...]:
        """Return each objective with the number behind it; the runbook's targets, the variant's word on lost writes."""
        timed = (
            _timed("detection", targets.get("detection"), moments.get(DETECTED)),
            _timed("rto", targets.get("rto"), moments.get(DONE) if done else None),
        )
        allowed = self.setting.variant.lost_writes
        lost_writes = len(count.lost) if isinstance(count, WriterVerdict) else None
        lost = Objective(
            name="lost_writes",
            target=None if allowed is None else float(allowed),
            actual=None if lost_writes is None else float(lost_writes),
            unit="writes",
            met=done and lost_writes is not None and (allowed is None or lost_writes <= allowed),
        )
        return (*timed, lost)

    def _write_down(self, objectives: tuple[Objective, ...], stopped_by: str) -> None:
        """Record the objectives; if it was repaired, take the faults back and close the session."""
        for one in objectives:
            scale = _MS if one.unit == "s" else 1
            self._engine.record(
                ev.ObjectiveMeasured(
                    name=one.name,
                    # The record has no other word for "only to be stated beforehand".
                    target=-1 if one.target is None else round(one.target * scale),
                    actual=None if one.actual is None else round(one.actual * scale),
                    unit="ms" if one.unit == "s" else one.unit,
                    met=one.met,
                )
            )
        if not stopped_by:
            self._take_back()
            self._engine.submit(cmd.Close(outcome="done"))

    def _take_back(self) -> None:
        """Undo the faults of a drill that is done: what is kept is the repaired cluster, nothing hidden in it.

        They are those of the journal: a drill may have been interrupted since. One that is not done is kept as it is.
        """
        faults = ActiveFaults(self._lab)
        for injection in self._injected():
            faults.adopt(injection)
        faults.undo_all()
        for active in faults.record:
            for error in active.undo_errors:
                self._say(f"not taken back: {active.injection}: {error}")
            if not active.undo_errors:
                self._engine.record(ev.FaultUndone(fault=active.injection.fault, targets=active.injection.hosts))

    def _injected(self) -> Iterator[Injection]:
        """Yield the variant's faults as far as they were injected, with the hosts that they hit."""
        records = read_journal(self._directory.parent).records
        hit = [tuple(record.body["targets"]) for record in records if record.type == "fault.injected"]
        # Faults are written down in their order, and a drill that breaks off leaves the later ones out.
        for planned, hosts in zip(self.setting.variant.faults, hit, strict=False):
            yield Injection(planned.fault, hosts, planned.parameters)

    def abandon(self) -> None:
        """End the writer; its record stays."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.stop()


def _timed(name: str, target_s: float | None, actual_s: float | None) -> Objective:
    """Return an objective in seconds; one without a target only has to be reached."""
    actual_s = None if actual_s is None else round(actual_s, 3)
    met = actual_s is not None and (target_s is None or actual_s <= target_s)
    return Objective(name=name, target=target_s, actual=actual_s, unit="s", met=met)
