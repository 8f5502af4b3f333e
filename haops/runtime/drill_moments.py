"""Moments of a drill, read off its journal: when it broke, was seen, was decided, was changed, was done.

Owns those definitions, for the drill's report and for whoever shows its times later. Times are on the monotonic clock
of the records, so that a drill that was interrupted and resumed on the same machine is measured like any other.
"""

from collections.abc import Callable, Sequence

from haops.core.risk import Risk
from haops.core.runbook import Runbook
from haops.formats.journal_record import Record

_US = 1_000_000

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
