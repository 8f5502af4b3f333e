from dataclasses import replace
from datetime import timedelta

import pytest
from stories import Story, StoryClock, attempt, chosen, confirmed, noted, opened, quorum_loss, seen

from haops.core import events as ev
from haops.core.timeline import Timeline, build_timeline
from haops.core.timeline.sentences import _TELLERS
from haops.core.timeline.values import Category
from haops.formats.event_codec import UnknownEvent
from haops.runtime.sessions import read_runbook


def told(story: Story, clock: StoryClock | None = None) -> Timeline:
    """Return the timeline of a story."""
    return build_timeline("s-1", noted(story, clock), read_runbook)


def raised(at_s: float, severity: str = "critical", name: str = "etcd-quorum-lost") -> tuple[float, ev.Event]:
    """Return a signal."""
    return at_s, ev.SignalRaised(name=name, severity=severity, sentence="1 of 3 answers")


def cleared(at_s: float, name: str = "etcd-quorum-lost") -> tuple[float, ev.Event]:
    """Return a signal's end."""
    return at_s, ev.SignalCleared(name=name)


def moments_of(timeline: Timeline) -> dict[str, float]:
    """Return name -> seconds since the beginning."""
    return {moment.name: moment.offset_ms / 1000 for moment in timeline.moments}


def durations_of(timeline: Timeline) -> dict[str, float | None]:
    """Return name -> seconds."""
    return {d.name: None if d.milliseconds is None else d.milliseconds / 1000 for d in timeline.durations}


def test_a_drill_has_its_seven_key_moments() -> None:
    """From the fault to the end, each moment is the first record that deserves its name."""
    assert moments_of(told(quorum_loss())) == {
        "fault_injected": 10.0,
        "first_bad_signal": 12.5,
        "first_look": 30.0,
        "decision": 30.0,
        "first_change": 55.1,
        "mitigated": 81.0,
        "resolved": 85.0,
    }


def test_a_look_is_no_change_though_something_was_changed_before() -> None:
    """What was changed before the fault makes no change of the first look after it."""
    earlier: Story = [
        (1.0, chosen()),
        (1.1, ev.StepSkipped(step="look", by="operator", reason="known")),
        (1.2, ev.StepOffered(step="way")),
        (1.3, ev.OptionChosen(step="way", value="restore", operator="Ada Lovelace", offered={})),
        (1.4, ev.StepOffered(step="stop")),
        (1.5, confirmed("stop", {"cp1": {"script": "", "environment": {}}}, "typed")),
        *attempt("stop", "cp1", "z1", 2.0, 3.0),
        (3.1, ev.RunbookDone(conditions=(), values="")),
    ]
    assert moments_of(told([*quorum_loss(), *earlier]))["first_change"] == 55.1


def test_who_left_a_step_out_is_told_as_a_role() -> None:
    """A person's skip is that person's; a condition's, and one of a journal that names nobody, is haops's."""

    def source(by: str, operator: str = "") -> str:
        skipped = ev.StepSkipped(step="look", by=by, reason="known", operator=operator)
        return told([(0.0, opened()), (0.5, chosen()), (1.0, skipped)]).rows[-1].source

    assert source("operator", "Grace Hopper") == "engineer 2"
    assert (source("operator"), source("condition")) == ("haops", "haops")


def test_durations_stand_between_the_moments_and_impact_apart_from_response() -> None:
    """TTD, TTA, TTM and TTR count from the impact; the response counts from the first look."""
    assert durations_of(told(quorum_loss())) == {
        "ttd": 2.5,
        "tta": 20.0,
        "time_to_decide": 20.0,
        "time_to_first_change": 45.1,
        "ttm": 71.0,
        "ttr": 75.0,
        "impact": 71.0,
        "response": 55.0,
    }


def test_without_a_fault_on_record_nothing_is_guessed() -> None:
    """In an incident the impact began before haops: what counts from the first signal says so, TTD is not known."""
    timeline = told([(0.0, opened("incident")), raised(1.0), cleared(61.0)])
    known = {duration.name: duration for duration in timeline.durations}
    assert known["ttd"].milliseconds is None
    assert known["ttd"].note == "no fault injected on record"
    assert known["impact"].milliseconds == 60_000
    assert "may have begun earlier" in known["impact"].note
    assert (known["tta"].milliseconds, known["tta"].note) == (None, "first look came before first bad signal")
    assert (known["ttr"].milliseconds, known["ttr"].note) == (None, "no resolved on record")


def test_a_notice_is_no_bad_signal() -> None:
    """Only warnings and worse begin an incident."""
    assert moments_of(told([(0.0, opened("incident")), raised(1.0, "notice"), raised(2.0, "warning", "slow")])) == {
        "first_bad_signal": 2.0,
        "first_look": 0.0,
    }


@pytest.mark.parametrize(
    ("after", "mitigated_s"),
    [
        ([], 20.0),
        ([raised(30.0)], None),
        ([raised(30.0), cleared(40.0)], 40.0),
        ([raised(30.0, "warning", "slow"), cleared(40.0, "slow")], 20.0),
        ([raised(15.0, name="api-down")], None),
        ([raised(15.0, name="api-down"), cleared(25.0, "api-down")], 25.0),
    ],
)
def test_mitigated_is_when_the_last_critical_signal_went_for_good(after: Story, mitigated_s: float | None) -> None:
    """One that comes back takes the mitigation back; warnings do not count."""
    story = [(0.0, opened("incident")), raised(10.0), cleared(20.0), *after]
    assert moments_of(told(story)).get("mitigated") == mitigated_s


def test_a_jump_of_the_wall_clock_changes_no_duration() -> None:
    """Durations come from the monotonic clock; the strange wall time is a remark."""
    records = noted(quorum_loss())
    shifted = [replace(r, at=r.at - timedelta(days=2000)) if r.seq > 5 else r for r in records]
    timeline = build_timeline("s-1", shifted, read_runbook)
    assert durations_of(timeline) == durations_of(told(quorum_loss()))
    assert "record 6 has an earlier wall time" in timeline.remarks[0]


def test_over_a_reboot_the_wall_clock_has_to_do() -> None:
    """Monotonic times of two boots do not compare; the time between them is taken from the wall clock."""
    before = noted([(0.0, opened()), raised(10.0)])
    resumed = ev.SessionResumed(operator="x", haops_version="1", pid=1)
    after = noted([(100.0, resumed), cleared(130.0)], StoryClock(boot="b", base_s=3))
    records = [*before, *(replace(r, seq=r.seq + 2) for r in after)]
    assert [row.offset_ms for row in build_timeline("s-1", records, read_runbook).rows] == [0, 10_000, 100_000, 130_000]


def test_people_appear_as_roles() -> None:
    """Blameless: no name of a person is anywhere in the timeline, only who came first and who came next."""
    timeline = told(quorum_loss())
    assert "Ada" not in repr(timeline)
    assert "Grace" not in repr(timeline)
    assert {row.source for row in timeline.rows} == {"drill", "haops", "the on-call engineer", "engineer 2"}
    assert timeline.engineers == 2


def test_rows_are_in_journal_order_and_name_their_evidence() -> None:
    """Each row says which record it rests on and which outputs that names."""
    timeline = told(quorum_loss())
    numbers = [row.evidence.seq for row in timeline.rows]
    assert numbers == sorted(numbers)
    ended = [row for row in timeline.rows if row.category is Category.ACTION_END and row.evidence.outputs]
    assert str(ended[0].evidence) == f"journal {ended[0].evidence.seq}, stdout {'e' * 12}"
    assert [row.category for row in timeline.rows if row.moment] == [
        Category.IMPACT_START, Category.DETECTION, Category.DECISION, Category.ACTION_START, Category.MITIGATED,
        Category.RESOLVED,
    ]  # fmt: skip


def test_every_kind_of_event_is_told_or_meant_to_be_silent() -> None:
    """A new event must get its sentence here, or be named as one that the journal alone keeps."""
    silent = {"attempt.intended", "attempt.accepted", "objective.measured"}
    assert set(ev.EVENTS) - {kind.type for kind in _TELLERS} == silent


def test_a_record_of_a_newer_haops_is_shown_as_one() -> None:
    """Nothing is dropped silently."""
    timeline = told([(0.0, opened()), (1.0, UnknownEvent(name="moon.phase", body={}))])
    assert "moon.phase, which this haops does not know" in timeline.rows[-1].sentence


def test_a_history_that_does_not_fit_is_told_with_a_remark() -> None:
    """A damaged or forged journal still gives a timeline; what does not fit is named, and only the first few."""
    orphans: Story = [(float(n), ev.StepOffered(step="no such step")) for n in range(1, 9)]
    timeline = told([(0.0, opened()), (0.5, chosen()), *orphans])
    assert len(timeline.rows) == 10
    assert timeline.remarks[0] == "record 3 does not fit what came before it: the runbook has no step 'no such step'"
    assert timeline.remarks[-1] == "5 more records do not fit"


def test_attempts_are_told_with_plan_and_result() -> None:
    """Planned against actual time, outcome, who settled it, and the script that was confirmed."""
    attempts = {(a.step, a.target): a for a in told(quorum_loss()).attempts}
    stop = attempts["stop", "cp1"]
    assert (stop.title, stop.estimate_ms, stop.duration_ms, stop.exit_status) == ("Stop etcd", 5000, 3000, 0)
    assert stop.script.startswith("systemctl stop etcd")
    settled = attempts["stop", "cp2"]
    assert (settled.outcome, settled.settled_by, settled.result) == ("succeeded", "probe", "rc 0 (settled by probe)")


def test_states_over_time_have_no_gap_and_no_overlap() -> None:
    """A member keeps its state until another is seen; a step waits, runs, is unknown, and ends."""
    lanes = {(lane.group, lane.name): lane.spans for lane in told(quorum_loss()).lanes}
    assert list(lanes) == [
        ("etcd members", "m1"), ("etcd members", "m2"), ("API servers", "cp1"), ("steps", "look"), ("steps", "way"),
        ("steps", "stop"),
    ]  # fmt: skip
    assert [(s.state, s.start_ms, s.end_ms) for s in lanes["etcd members", "m2"]] == [
        ("follower", 500, 11_000),
        ("no answer", 11_000, 80_000),
        ("follower", 80_000, 90_000),
    ]
    assert [(s.state, s.start_ms, s.end_ms) for s in lanes["steps", "stop"]] == [
        ("awaiting confirmation", 41_000, 55_000),
        ("running", 55_000, 59_000),
        ("unknown", 59_000, 62_000),
        ("succeeded", 62_000, 62_000),
    ]


def test_what_was_decided_against_and_overridden_is_kept() -> None:
    """Options that were not taken and guards that were overridden stand there with the reasons given then."""
    timeline = told(quorum_loss())
    assert list(timeline.rejected.values()) == [{"wait": "does not hold: 1 of 3 "}]
    assert list(timeline.overrides.values()) == [{"clocks apart ": "the VM was paused "}]
    assert [(o.name, o.target, o.actual, o.met) for o in timeline.objectives] == [("rto", 60_000, 71_000, False)]


def test_a_kind_that_is_not_known_to_the_picture_is_still_drawn() -> None:
    """A new kind of observation needs no change here."""
    timeline = told([(0.0, opened()), (1.0, seen("backups", "s3", "old")), (2.0, seen("etcd.members", "m1", "leader"))])
    assert [(lane.group, lane.spans[0].state) for lane in timeline.lanes] == [
        ("etcd members", "leader"),
        ("backups", "old"),
    ]


def test_no_records_no_timeline() -> None:
    """An empty journal is an error of the caller, not a page without content."""
    with pytest.raises(ValueError, match="without records"):
        build_timeline("s-1", [], read_runbook)
