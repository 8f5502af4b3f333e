"""Moments of a drill, read off its journal: when it broke, was seen, was decided, was changed, was done.

Owns those definitions. Times are on the monotonic clock of the records, so that a drill that was interrupted and
resumed on the same machine is measured like any other.
"""

from collections.abc import Callable, Iterable, Sequence

from haops.core.risk import Risk
from haops.core.runbook import Runbook
from haops.formats.journal_record import Record
from haops.lab.history import DrillKind, earlier_durations
from haops.lab.report import StepTime

_US = 1_000_000
_MS = 1000

DETECTED = "detected"
DECIDED = "runbook chosen"
CHANGED = "first change"
DONE = "done"


def moments_s(records: Sequence[Record], runbook: Runbook | None) -> dict[str, float]:
    """Return moment -> seconds after the first fault; a moment that did not come is left out.

    A runbook that was done in the end was done when a step first saw everything that its `done` names come true; what
    it tidies up afterwards is no part of the outage.
    """
    risky = {step.id for step in runbook.steps if step.risk is not Risk.READ} if runbook else set()
    proving = _proving(runbook) if any(record.type == "runbook.done" for record in records) else set()
    tests: dict[str, Callable[[Record], bool]] = {
        DETECTED: lambda record: record.type == "signal.raised" and record.body["severity"] == "critical",
        DECIDED: lambda record: record.type == "runbook.chosen",
        CHANGED: lambda record: record.type == "attempt.dispatched" and record.body["step"] in risky,
        DONE: lambda record: (
            record.type == "runbook.done" or (record.type == "verification.passed" and record.body["step"] in proving)
        ),
    }
    found: dict[str, float] = {}
    began_us: int | None = None
    for record in records:
        # What came before the first fault is no part of the drill's times.
        if began_us is None:
            began_us = record.mono_us if record.type == "fault.injected" else None
            continue
        for moment, is_it in tests.items():
            if moment not in found and is_it(record):
                found[moment] = (record.mono_us - began_us) / _US
    return found


def _proving(runbook: Runbook | None) -> set[str]:
    """Return the steps whose verification looks at everything that the runbook's `done` names."""
    if runbook is None:
        return set()
    wanted = {name for condition in runbook.done for name in condition.names}
    # By the names that it looks at: a verification may say the same in other words.
    return {step.id for step in runbook.steps if step.verify and wanted <= set(step.verify.that.names)}


def step_times(records: Sequence[Record], kind: DrillKind, session: str) -> tuple[StepTime, ...]:
    """Return every attempt of the drill in order, with the durations of earlier drills beside it."""
    earlier = earlier_durations(kind, but=session)
    started = {record.body["attempt"]: record.wall for record in records if record.type == "attempt.intended"}
    ended = [record for record in records if record.type == "attempt.ended"]
    settled = {r.body["attempt"]: r.body["outcome"] for r in records if r.type == "attempt.settled"}
    return tuple(_step_time(record, started, settled, earlier) for record in ended)


def _step_time(
    record: Record,
    started: dict[str, str],
    settled: dict[str, str],
    earlier: dict[tuple[str, str], tuple[float, ...]],
) -> StepTime:
    """Return one attempt's time; one that was unknown has the outcome that it was settled with."""
    body = record.body
    return StepTime(
        id=body["step"],
        host=body["target"],
        state=settled.get(body["attempt"], body["outcome"]),
        started_at=started.get(body["attempt"], record.wall),
        duration_s=body["duration_ms"] / _MS,
        earlier_s=earlier.get((body["step"], body["target"]), ()),
    )


def outside_steps(records: Iterable[Record]) -> tuple[str, ...]:
    """Return what was done outside the runbook: notes marked so, steps tried again, guards overridden."""
    found = []
    for record in records:
        body = record.body
        if record.type == "note.added" and body.get("outside"):
            found.append(body["text"])
        elif record.type == "step.reopened":
            found.append(f"{body['step']} tried again: {body['reason']}")
        elif record.type == "step.confirmed" and body.get("overrides"):
            found.extend(f"guard overridden at {body['step']}: {why}" for why in body["overrides"].values())
    return tuple(found)


def loss_stated(records: Iterable[Record]) -> str:
    """Return what was said to be lost when the way was chosen."""
    return next((str(r.body["loses"]) for r in records if r.type == "option.chosen" and r.body.get("loses")), "")
