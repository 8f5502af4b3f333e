"""Sessions as lists of events, told with times of their own: what a timeline is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from haops.core import events as ev
from haops.core.timeline import Noted
from haops.formats.event_codec import encode_event
from haops.runtime.journal_file import JournalWriter

BEGIN = datetime(2026, 11, 21, 3, 14, 7, tzinfo=UTC)
RUNBOOK = """
apiVersion: haops/v1
kind: Runbook
name: two-steps
title: Look, then stop
summary: For tests of the timeline.
steps:
  - id: look
    title: Look at the members
    check: [etcd.members]
    estimate: 2s
  - id: way
    title: Which way
    needs: [look]
    choose:
      - {value: restore, title: Restore from the survivor, loses: nothing}
      - {value: wait, title: Wait}
  - id: stop
    title: Stop etcd
    needs: [way]
    on: {name: [cp1, cp2]}
    ssh: systemctl stop etcd
    risk: destroy
    irreversible: a test
    effect: idempotent
    estimate: 5s
"""


@dataclass
class StoryClock:
    """Stands at the story's present moment."""

    offset_s: float = 0.0
    boot: str = "11111111-2222-3333-4444-555555555555"
    wall_shift_s: float = 0.0
    base_s: float = field(default=1000.0)

    def now(self) -> datetime:
        """Return the wall time of the story."""
        return BEGIN + timedelta(seconds=self.offset_s + self.wall_shift_s)

    def monotonic(self) -> float:
        """Return the monotonic time of the story, in seconds."""
        return self.base_s + self.offset_s

    def boot_id(self) -> str:
        """Return the boot."""
        return self.boot


Story = Sequence[tuple[float, ev.Event]]


def write_story(directory: Path, story: Story, clock: StoryClock | None = None) -> Path:
    """Write the events at their times (seconds since the beginning) into a journal and return its directory."""
    clock = clock or StoryClock()
    writer = JournalWriter.create(directory, directory.name, clock)
    for offset_s, event in sorted(story, key=lambda told: told[0]):
        clock.offset_s = offset_s
        attempt = getattr(event, "attempt", "")
        writer.append(type(event).type, encode_event(event), actor="ops", attempt=attempt, barrier=type(event).BARRIER)
    writer.close()
    return directory


def noted(story: Story, clock: StoryClock | None = None) -> list[Noted]:
    """Return the events as records without any journal."""
    clock = clock or StoryClock()
    told = []
    for number, (offset_s, event) in enumerate(sorted(story, key=lambda one: one[0]), 1):
        clock.offset_s = offset_s
        mono_us = round(clock.monotonic() * 1_000_000)
        told.append(
            Noted(seq=number, at=clock.now(), mono_us=mono_us, boot=clock.boot_id(), hash=f"{number:064}", event=event)
        )
    return told


def opened(mode: str = "drill", operator: str = "Ada Lovelace") -> ev.SessionOpened:
    """Return the first event of a session."""
    return ev.SessionOpened(
        cluster="lab-1", mode=mode, operator=operator, haops_version="0.1.0", inventory_source="lab.yaml",
        inventory_digest="0" * 64, inventory="", scenario="etcd-quorum-loss" if mode == "drill" else "",
        variant="survivor" if mode == "drill" else "", flavour="etcd" if mode == "drill" else "",
    )  # fmt: skip


def quorum_loss(hostile: str = "") -> Story:
    """Return a drill from the fault to the end; `hostile` stands wherever text comes from elsewhere."""
    plan = {host: {"script": f"systemctl stop etcd # {hostile}\n", "environment": {}} for host in ("cp1", "cp2")}
    return [
        (0.0, opened()),
        (0.5, seen("etcd.members", "m1", "leader")),
        (0.5, seen("etcd.members", "m2", "follower")),
        (0.6, seen("api.endpoints", "cp1", "ready")),
        (10.0, ev.FaultInjected(fault="delete-data", targets=("cp2", "cp3"), detail=f"rm -rf {hostile}")),
        (11.0, seen("etcd.members", "m2", "no answer", f"refused {hostile}")),
        (12.5, ev.SignalRaised(name="etcd-quorum-lost", severity="critical", sentence=f"1 of 3 answers{hostile}")),
        (13.0, seen("api.endpoints", "cp1", "not ready", "etcd")),
        (30.0, chosen(hostile)),
        (31.0, ev.StepOffered(step="look")),
        (32.0, confirmed("look", {"local": {"script": "", "environment": {}}}, "enter")),
        *attempt("look", "local", "a1", 32.1, 33.4),
        (33.5, ev.StepOffered(step="way")),
        (40.0, ev.OptionChosen(step="way", value="restore", operator="Ada Lovelace", loses=f"nothing{hostile}",
                               offered={"restore": "holds", "wait": f"does not hold: 1 of 3 {hostile}"})),
        (41.0, ev.StepOffered(step="stop")),
        (55.0, confirmed("stop", plan, "typed", {f"clocks apart {hostile}": f"the VM was paused {hostile}"})),
        *attempt("stop", "cp1", "b1", 55.1, 58.1, evidence=f"exit 0 {hostile}"),
        (55.1, ev.AttemptIntended(step="stop", target="cp2", attempt="c1", plan_digest="d" * 64)),
        (55.2, ev.AttemptDispatched(step="stop", target="cp2", attempt="c1")),
        (59.0, ended("stop", "cp2", "c1", "unknown", f"connection lost {hostile}")),
        (62.0, ev.AttemptSettled(step="stop", target="cp2", attempt="c1", outcome="succeeded", by="probe",
                                 evidence="rc 0", exit_status=0)),
        (70.0, ev.NoteAdded(text=f"called the network team {hostile}", operator="Grace Hopper", outside=True)),
        (80.0, seen("etcd.members", "m2", "follower")),
        (81.0, ev.SignalCleared(name="etcd-quorum-lost")),
        (82.0, seen("api.endpoints", "cp1", "ready")),
        (85.0, ev.RunbookDone(conditions=("etcd.quorum",), values=f"3 of 3 {hostile}")),
        (86.0, ev.ObjectiveMeasured(name="rto", target=60000, actual=71000, unit="ms", met=False)),
        (90.0, ev.SessionClosed(outcome="done")),
    ]  # fmt: skip


def seen(kind: str, subject: str, state: str, detail: str = "") -> ev.StateSeen:
    """Return a state of a watched thing."""
    return ev.StateSeen(kind=kind, subject=subject, state=state, detail=detail)


def chosen(hostile: str = "") -> ev.RunbookChosen:
    """Return the taking up of the runbook."""
    return ev.RunbookChosen(
        name="two-steps", source=f"two-steps.yaml{hostile}", digest="d" * 64, text=RUNBOOK, operator="Ada Lovelace",
        signals=("etcd-quorum-lost",),
    )  # fmt: skip


def confirmed(step: str, plan: object, how: str, overrides: dict[str, str] | None = None) -> ev.StepConfirmed:
    """Return a confirmation."""
    return ev.StepConfirmed(
        step=step, plan_digest="d" * 64, plan=plan, operator="Ada Lovelace", how=how, overrides=overrides or {}
    )  # type: ignore[arg-type]


def attempt(step: str, target: str, name: str, *times_s: float, evidence: str = "exit 0") -> Story:
    """Return an attempt that begins and succeeds at two times."""
    begins, ends = times_s
    return [
        (begins, ev.AttemptIntended(step=step, target=target, attempt=name, plan_digest="d" * 64)),
        (begins, ev.AttemptDispatched(step=step, target=target, attempt=name)),
        (ends, ended(step, target, name, "succeeded", evidence, exit_status=0)),
    ]


def ended(
    step: str, target: str, name: str, outcome: str, evidence: str, *, exit_status: int | None = None
) -> ev.AttemptEnded:
    """Return the end of an attempt."""
    return ev.AttemptEnded(
        step=step, target=target, attempt=name, outcome=outcome, evidence=evidence, exit_status=exit_status,
        stdout="e" * 64 if exit_status == 0 else "", duration_ms=3000,
    )  # fmt: skip
