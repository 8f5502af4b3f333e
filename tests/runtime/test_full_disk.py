"""What a session does when its disk is full, or breaks, while it is under way."""

import errno
import os
from collections.abc import Iterator

import pytest

from haops.core import commands as cmd
from haops.core.states import StepState
from haops.runtime import journal_segment
from haops.runtime.auto import AutoOperator
from haops.runtime.clock import SystemClock
from tests.runtime.conftest import World, confirm, wait_for, wait_state


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Take away the room ahead of the journal, as on a full disk; what was written stays."""
    with monkeypatch.context() as patched:
        patched.setattr(journal_segment.Segment, "keep_reserve", lambda _segment: False)
        yield patched


def test_on_a_full_disk_a_confirmation_is_refused_in_words(world: World, no_room: pytest.MonkeyPatch) -> None:
    """Nothing runs, the screen gets a reason and a way out instead of an error, and with room again it goes on."""
    engine = world.begin()
    refusal = confirm(engine, "first")
    assert refusal is not None
    assert "no room to record another step" in str(refusal)
    assert world.effects() == []
    assert engine.view().session.steps["first"].state is StepState.AWAITING_CONFIRMATION
    no_room.undo()
    assert confirm(engine, "first") is None
    wait_state(engine, "first", StepState.SUCCEEDED)


def test_a_drill_whose_journal_is_lost_ends_at_once_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be confirmed any more: waiting for the end of the time would only hide why."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fail)
    assert engine.submit(cmd.AddNote(text="x")) is not None
    wait_for(engine, lambda view: view.journal_lost)
    assert "Input/output error" in AutoOperator(engine).run(within_s=30, clock=SystemClock())
