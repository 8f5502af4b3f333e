from pathlib import Path

import pytest

from haops.connectors.fake import FakeConnections
from haops.core import commands as cmd
from haops.core.states import StepState
from haops.errors import InputError, JournalError
from haops.runtime import file_system, sessions
from haops.runtime.engine import Engine
from haops.runtime.journal_reader import read_journal
from haops.runtime.paths import list_sessions
from tests.runtime.conftest import World, wait_state


def left_at_first_step(world: World) -> Path:
    """Begin a session, leave it at its first step, and return its journal's directory."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    engine.leave("left")
    return Path(engine.view().journal_path)


def test_a_session_that_can_be_trusted_begins_without_a_word(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said of a journal that ends as it was left, on a file system that keeps its promises."""
    monkeypatch.setattr(file_system, "file_system_of", lambda _path: "ext4")
    left_at_first_step(world)
    assert world.resume(monkeypatch).view().notices == ()


def test_an_unfinished_last_record_is_told_when_the_session_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator learns that a crash cut the last record off, and where its bytes are kept."""
    segment = left_at_first_step(world) / "000001.hj"
    segment.write_bytes(segment.read_bytes() + b"H1 0000")
    (told,) = [notice.text for notice in world.resume(monkeypatch).view().notices if "unfinished" in notice.text]
    assert "7 bytes are kept in quarantine/000001.hj." in told


def test_a_missing_hint_is_told_when_the_session_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the hint a cut end looks like a whole one: the operator is told that this cannot be told."""
    (left_at_first_step(world) / "head").unlink()
    assert any("cut off at the end" in notice.text for notice in world.resume(monkeypatch).view().notices)


def test_a_place_that_may_lie_is_told_when_a_session_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs the operator knows that the journal would not outlive this machine's power."""
    monkeypatch.setattr(file_system, "file_system_of", lambda _path: "tmpfs")
    assert any("in memory (tmpfs)" in notice.text for notice in world.begin().view().notices)


def test_a_closed_session_does_not_go_on(world: World) -> None:
    """Who asks for it is told that it was closed, not that its journal is damaged; the journal stays as it is."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    assert engine.submit(cmd.Close(outcome="abandoned", reason="later")) is None
    engine.leave("closed")
    directory = Path(engine.view().journal_path)
    before = read_journal(directory).records
    with pytest.raises(InputError, match=r"the session was closed \(abandoned\)"):
        sessions.resume(directory)
    assert read_journal(directory).records == before


def begin_as(monkeypatch: pytest.MonkeyPatch, connections: FakeConnections, *ids: str) -> Engine:
    """Begin a session for which these ids are drawn, one after the other."""
    drawn = iter(ids)
    monkeypatch.setattr(sessions, "new_session_id", lambda _clock: next(drawn))
    return sessions.begin(connections.inventory, connections=connections)


@pytest.mark.parametrize("first_is_open", [True, False])
def test_two_sessions_that_draw_the_same_id_get_journals_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch, *, first_is_open: bool
) -> None:
    """Begun in the same second on one bastion with the same random end, the second takes another id."""
    first = begin_as(monkeypatch, world.connections(), "s-1")
    if not first_is_open:
        first.leave("left")
    kept = read_journal(Path(first.view().journal_path)).records
    second = begin_as(monkeypatch, world.connections(), "s-1", "s-1", "s-2")
    second.leave("left")
    assert (first.view().session.id, second.view().session.id) == ("s-1", "s-2")
    assert read_journal(Path(first.view().journal_path)).records == kept
    first.leave("left")


def test_the_second_of_two_that_take_an_id_at_once_draws_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both saw the id free, the lock decides, and the other draws again."""
    first = begin_as(monkeypatch, world.connections(), "s-1")
    monkeypatch.setattr(Path, "exists", lambda _path, **_options: False)
    second = begin_as(monkeypatch, world.connections(), "s-1", "s-2")
    assert second.view().session.id == "s-2"
    for engine in (first, second):
        engine.leave("left")


def test_without_a_free_id_nothing_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session never goes into another's journal; that no id is free is one clear error."""
    first = begin_as(monkeypatch, world.connections(), "s-1")
    with pytest.raises(JournalError, match="new ids is taken"):
        begin_as(monkeypatch, world.connections(), *["s-1"] * 100)
    first.leave("left")


def test_an_inventory_that_changes_under_the_reader_begins_nothing(world: World) -> None:
    """The record keeps the text that was read, or there is no record."""
    connections = world.connections()
    world.inventory_file.write_text(world.inventory_file.read_text() + "# another word\n")
    with pytest.raises(InputError, match="changed while it was read"):
        sessions.begin(connections.inventory, connections=connections)
    assert not list_sessions()
