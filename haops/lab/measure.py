"""What a drill's report counts in its journal: every attempt's time, what was done outside the runbook, what was lost.

Owns those definitions; when it broke and when it was done is `runtime.drill_moments`' to say.
"""

from collections.abc import Iterable, Sequence

from haops.formats.journal_record import Record
from haops.lab.history import DrillKind, earlier_durations
from haops.lab.report import StepTime

_MS = 1000


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
