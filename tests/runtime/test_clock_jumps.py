"""A wall clock that jumps during a session is written down, and nothing else comes of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stories import opened

from haops.core import events as ev
from haops.core.session_state import Session
from haops.runtime.journal_file import JournalWriter, State, read_journal
from haops.runtime.session_log import SessionLog
from haops.runtime.sessions import read_runbook


class SetClock:
    """A clock whose wall time somebody sets."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
        self.monotonic_s = 100.0

    def pass_by(self, seconds: float, *, wall_seconds: float) -> None:
        """Let time pass on both clocks."""
        self.monotonic_s += seconds
        self.wall += timedelta(seconds=wall_seconds)

    def now(self) -> datetime:
        """Return the wall time."""
        return self.wall

    def monotonic(self) -> float:
        """Return the monotonic time in seconds."""
        return self.monotonic_s

    def boot_id(self) -> str:
        """Return the boot's id."""
        return "boot"


def records_with(directory: Path, wall_seconds: float) -> list[tuple[str, Mapping[str, object]]]:
    """Return type and body of what is recorded when 10 s pass between two records, and so many on the wall."""
    clock = SetClock()
    journal = JournalWriter.create(directory / "s-1", "s-1", clock)
    log = SessionLog(journal, Session(id="s-1"), read_runbook, actor="ops")
    log.commit(opened())
    clock.pass_by(10.0, wall_seconds=wall_seconds)
    log.commit(ev.NoteAdded(text="after", operator="ops"))
    clock.pass_by(10.0, wall_seconds=10.0)
    log.commit(ev.NoteAdded(text="later", operator="ops"))
    journal.close()
    scan = read_journal(directory / "s-1")
    assert scan.state is State.CLEAN
    return [(record.type, record.body) for record in scan.records]


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0, -220_000_000.0, 0.6])
def test_a_jump_is_recorded_once_before_what_comes_after_it(tmp_path: Path, jump_s: float) -> None:
    """An hour back, an hour or half a second on, seven years: the next record says by how much."""
    records = records_with(tmp_path, 10.0 + jump_s)
    assert [kind for kind, _ in records] == ["session.opened", "clock.jumped", "note.added", "note.added"]
    assert records[1][1] == {"offset_ms": round(jump_s * 1000)}


@pytest.mark.parametrize("jump_s", [0.0, 0.4, -0.4])
def test_a_clock_that_is_set_right_little_by_little_has_not_jumped(tmp_path: Path, jump_s: float) -> None:
    """NTP's slewing stays out of the record."""
    assert [kind for kind, _ in records_with(tmp_path, 10.0 + jump_s)] == ["session.opened", "note.added", "note.added"]
