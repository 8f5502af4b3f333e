from pathlib import Path

import pytest

from haops.core.states import StepState
from haops.runtime import file_system
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
