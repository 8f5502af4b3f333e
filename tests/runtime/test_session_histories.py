from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from stories import RUNBOOK, StoryClock, quorum_loss, write_story

from haops.core import events as ev
from haops.core.states import StepState
from haops.runtime.journal_summary import summarise
from haops.runtime.paths import session_directory
from haops.runtime.session_histories import latest_histories, waits_for
from tests.runtime.conftest import World, wait_state


class SetClock(StoryClock):
    """A clock whose wall time somebody sets an hour back after 40 s."""

    def now(self) -> datetime:
        """Return the wall time of the story."""
        return super().now() - timedelta(hours=self.offset_s > 40)


def test_the_latest_sessions_say_what_they_wait_for(world: World) -> None:
    """A session that was left is told with the step that waits for the operator."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    engine.leave("left")
    (history,) = latest_histories()
    assert history.session.is_open
    assert waits_for(history.session) == "first waits for you"
    assert history.last_at is not None
    assert history.last_at > datetime.fromisoformat(history.session.opened_at)


def test_a_journal_that_cannot_be_read_is_told_and_hides_no_other(world: World) -> None:
    """A damaged journal is listed with the reason, beside the sessions that can be read."""
    engine = world.begin()
    directory = Path(engine.view().journal_path)
    engine.leave("left")
    damaged = directory.parent / "damaged"
    damaged.mkdir(mode=0o700)
    content = (directory / "000001.hj").read_bytes().replace(b'"incident"', b'"indecent"')
    (damaged / "000001.hj").write_bytes(content)
    told = {history.directory.name: history.problem for history in latest_histories()}
    assert told[directory.name] == ""
    assert told["damaged"]


def test_a_drills_time_is_that_of_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until all that the runbook's end names first held, by a clock that nobody sets."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    text = f"{RUNBOOK}    verify: {{that: etcd.has_quorum}}\ndone: [etcd.has_quorum]\n"
    told = [
        (at_s, replace(event, text=text) if isinstance(event, ev.RunbookChosen) else event)
        for at_s, event in quorum_loss()
    ]
    # Its attempts have ended at 62 s, the runbook's end is looked at at 85 s; the fault came at 10 s.
    passed = ev.VerificationPassed(step="stop", condition="etcd.has_quorum", values="")
    write_story(session_directory("drill"), [*told, (63.0, passed)], SetClock())
    (history,) = latest_histories()
    assert (history.problem, history.recovery_s) == ("", 53.0)


def test_a_list_and_the_start_screen_tell_the_same_of_a_session(world: World) -> None:
    """What both say of a session agrees: its cluster, its mode, its runbook and its last record's time."""
    world.begin().leave("left")
    (history,) = latest_histories()
    summary = summarise(history.directory)
    session = history.session
    assert session.opened is not None
    assert session.runbook is not None
    assert (summary.cluster, summary.mode) == (session.opened.cluster, session.opened.mode)
    assert summary.runbook == session.runbook.name
    assert history.last_at == datetime.fromisoformat(summary.last)
