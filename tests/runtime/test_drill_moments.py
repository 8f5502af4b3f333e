from typing import Any

from haops.core.conditions import parse_condition
from haops.core.runbook import Runbook, Step, Verification
from haops.formats.journal_record import Record
from haops.runtime.drill_moments import DETECTED, DONE, moments_s

SEES_PART = Step(id="part", title="p", kind="check", action=[], verify=Verification(that=parse_condition("a == 1")))
SEES_ALL = Step(
    id="all", title="a", kind="check", action=[], verify=Verification(that=parse_condition("a == 1 and b == 2"))
)
RUNBOOK = Runbook(
    name="r",
    title="r",
    summary="",
    steps=(SEES_PART, SEES_ALL),
    done=(parse_condition("a == 1"), parse_condition("b == 2")),
)


def record(at_s: float, type_: str, **body: Any) -> Record:
    """Return a record written down so many seconds after boot."""
    return Record(
        seq=0,
        type=type_,
        wall="",
        mono_us=int(at_s * 1e6),
        boot="b",
        actor="",
        attempt="",
        body=body,
        sid="",
        prev="",
        hash="",
    )


def test_done_is_when_everything_was_first_seen_to_hold() -> None:
    """Tidying up after the cluster serves again is no part of the outage."""
    records = [
        record(10, "fault.injected"),
        record(11, "signal.raised", severity="critical"),
        record(12, "verification.passed", step="part"),
        record(15, "verification.passed", step="all"),
        record(40, "runbook.done"),
    ]
    assert moments_s(records, RUNBOOK) == {DETECTED: 1.0, DONE: 5.0}


def test_without_such_a_step_done_is_when_the_end_was_looked_at() -> None:
    """A runbook whose steps never look at everything is done when haops did."""
    records = [record(10, "fault.injected"), record(12, "verification.passed", step="part"), record(40, "runbook.done")]
    assert moments_s(records, RUNBOOK) == {DONE: 30.0}


def test_what_did_not_hold_in_the_end_was_not_done() -> None:
    """A state that held for a moment and was lost again meets no objective."""
    records = [record(10, "fault.injected"), record(15, "verification.passed", step="all")]
    assert moments_s(records, RUNBOOK) == {}
