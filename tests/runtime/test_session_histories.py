from pathlib import Path

from haops.core.states import StepState
from haops.runtime.journal_summary import summarise
from haops.runtime.session_histories import latest_histories, waits_for
from tests.runtime.conftest import World, wait_state


def test_the_latest_sessions_say_what_they_wait_for(world: World) -> None:
    """A session that was left is told with the step that waits for the operator."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    engine.leave("left")
    (history,) = latest_histories()
    assert history.session.is_open
    assert waits_for(history.session) == "first waits for you"
    assert history.opened_at is not None
    assert history.last_at is not None
    assert history.opened_at < history.last_at


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
    assert summary.last == history.entries[-1].wall
