from pathlib import Path

import pytest
from journals import StandingClock

from haops.cli.start import FilesOnDisk, _is_drill
from haops.runtime.journal_file import JournalWriter
from haops.runtime.paths import session_directory


@pytest.mark.parametrize(("mode", "expected"), [("drill", True), ("incident", False)])
def test_a_drill_is_told_from_an_incident_by_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, *, expected: bool
) -> None:
    """A drill is gone on with inside its lab, an incident where it is: the session's first record says which it is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    writer = JournalWriter.create(session_directory("s-1"), "s-1", StandingClock())
    writer.append("session.opened", {"cluster": "c", "mode": mode, "operator": "ops"}, actor="ops", barrier=True)
    writer.close()
    assert _is_drill("s-1") is expected


def test_a_damaged_journal_is_a_finding_and_cannot_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal whose kept records were changed is named with the reason, and is no session to resume."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    writer = JournalWriter.create(session_directory("s-1"), "s-1", StandingClock())
    writer.append("session.opened", {"cluster": "c", "mode": "incident", "operator": "ops"}, actor="ops", barrier=True)
    writer.close()
    segment = session_directory("s-1") / "000001.hj"
    segment.write_bytes(segment.read_bytes().replace(b'"ops"', b'"spo"'))
    rows = FilesOnDisk().rows()
    assert rows.sessions == ()
    assert "s-1" in rows.findings[0].text


def test_journals_that_cannot_be_read_at_all_are_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start screen still offers clusters and drills; that no session is known is not taken for there being none."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "haops").mkdir()
    (tmp_path / "haops" / "sessions").symlink_to("sessions")
    rows = FilesOnDisk().rows()
    assert rows.drills
    assert "sessions: Too many levels of symbolic links. Try: " in rows.findings[0].text
