import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from journals import StandingClock, first_segment, write_journal
from waiting import until

from haops.cli.journal import journal
from haops.errors import InputError
from haops.runtime.journal_file import JournalWriter

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x9b2J\u202e[/red]\x7f"


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory with two sessions."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = tmp_path / "haops" / "sessions"
    write_journal(place / "20261121-a1", 3, "20261121-a1")
    writer = JournalWriter.create(place / "20261121-b2", "20261121-b2", StandingClock())
    opened = {"cluster": f"prod{HOSTILE}", "mode": "incident", "operator": "ops"}
    writer.append("session.opened", opened, actor="ops", barrier=True)
    ended = {"step": "stop-etcd", "target": "cp1", "stdout": writer.store_blob(b"out"), "evidence": HOSTILE * 20}
    writer.append("attempt.ended", ended, actor="ops", attempt="a" * 32, barrier=True)
    writer.append("session.left", {"reason": "left"}, actor=HOSTILE, barrier=True)
    writer.close()
    return place


def run(*arguments: object, status: int = 0) -> Result:
    """Run `haops journal` and return its result."""
    result = CliRunner().invoke(journal, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def test_list_names_every_session(sessions: Path) -> None:
    """One line per session with what it waits for, the newest first; JSON has the same."""
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["20261121-b2", "20261121-a1"]
    assert "left" in lines[0]
    assert "incident" in lines[0]
    listed = json.loads(run("list", "--json").stdout)
    assert [one["records"] for one in listed] == [3, 3]
    assert listed[0]["path"] == str(sessions / "20261121-b2")


def test_an_empty_list_says_what_begins_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a dead end."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert "haops session" in run("list").stdout


@pytest.mark.parametrize("command", [("list",), ("show", "20261121-b"), ("show", "--full", "20261121-b")])
def test_no_byte_of_a_journal_acts_on_the_terminal(sessions: Path, command: tuple[str, ...]) -> None:
    """Escapes, C1 controls and bidi controls of whoever wrote there are shown, not sent."""
    shown = run(*command).stdout
    assert "\\x1b]52" in shown
    assert not {"\x1b", "\x9b", "\x07", "\u202e", "\x7f"} & set(shown)
    assert not {"\x1b", "\x9b", "\x07", "\u202e", "\x7f"} & set(run(*command, "--json").stdout)
    assert sessions.exists()


def test_show_filters_by_step_and_type(sessions: Path) -> None:
    """A type, a group of types, or a step; JSON lines hold the record exactly as it is kept."""
    assert [line.split()[0] for line in run("show", "20261121-b2", "--type", "attempt").stdout.splitlines()] == ["2"]
    assert [line.split()[0] for line in run("show", "20261121-b2", "--step", "stop-etcd").stdout.splitlines()] == ["2"]
    assert run("show", "20261121-b2", "--type", "att").stdout == ""
    record = json.loads(run("show", sessions / "20261121-b2", "--type", "attempt.ended", "--json").stdout)
    assert (record["seq"], record["attempt"], record["body"]["target"]) == (2, "a" * 32, "cp1")


@pytest.mark.parametrize("reference", ["20261121-a1", "20261121-a", "{}/20261121-a1", "{}/20261121-a1/000001.hj"])
def test_a_session_is_named_by_id_prefix_or_path(sessions: Path, reference: str) -> None:
    """Wherever a session is named, its id, a unique beginning of it or the path of its journal will do."""
    assert len(run("show", reference.format(sessions)).stdout.splitlines()) == 3


@pytest.mark.parametrize(("reference", "message"), [("2026", "fits 2 sessions"), ("x", "no session's id"), ("", "no")])
@pytest.mark.usefixtures("sessions")
def test_a_name_that_fits_none_or_several_says_which_there_are(reference: str, message: str) -> None:
    """An unknown or ambiguous name is an input error that lists what could have been meant."""
    with pytest.raises(InputError, match=message) as caught:
        run("show", reference)
    assert "20261121-a1" in str(caught.value)


def test_verify_says_what_is_proven_and_what_is_not(sessions: Path) -> None:
    """Consistent is not signed and not anchored; the outputs are checked too; exit status 0."""
    said = run("verify", "20261121-b2").stdout
    assert "3 records consistent; signed by nobody; length not anchored" in said
    assert "1 outputs are there" in said
    verdict = json.loads(run("verify", sessions / "20261121-b2", "--json").stdout)
    assert (verdict["holds"], verdict["state"], verdict["signed_by"], verdict["anchored_to"]) == (True, "clean", "", 0)


def test_verify_of_a_damaged_journal_ends_with_5_and_names_the_record(sessions: Path) -> None:
    """A changed record is named, with its place; show still prints what can be read."""
    segment = first_segment(sessions / "20261121-a1")
    segment.write_bytes(segment.read_bytes().replace(b"note 2", b"note 9"))
    assert "DAMAGED: record 2: the hash does not fit" in run("verify", "20261121-a", status=5).stdout
    verdict = json.loads(run("verify", "20261121-a", "--json", status=5).stdout)
    assert (verdict["problem"]["record"], verdict["stranded"]) == (2, [3])
    shown = run("show", "20261121-a")
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["1", "3"]
    assert "its order is not proven" in shown.stderr


def test_verify_misses_an_output_that_is_gone(sessions: Path) -> None:
    """Evidence that a record names and that is not there is named; exit status 5."""
    shutil.rmtree(sessions / "20261121-b2/blobs")
    assert "record 2: the output" in run("verify", "20261121-b2", status=5).stdout


FOLLOW = "from haops.cli.journal import journal; journal(['follow', __import__('sys').argv[1]])"


@pytest.mark.slow
def test_follow_shows_new_records_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """Records appear while they are written; ctrl-c ends it without a traceback and with status 0."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", StandingClock())
    writer.append("note.added", {"text": "first"}, actor="ops", barrier=True)
    output = tmp_path / "output"
    with output.open("wb") as file:
        command = [sys.executable, "-u", "-c", FOLLOW, str(tmp_path / "s-1")]
        follower = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        until(lambda: b"first" in output.read_bytes())
        writer.append("note.added", {"text": "second"}, actor="ops", barrier=False)
        until(lambda: b"second" in output.read_bytes())
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0
    finally:
        follower.kill()
        follower.wait()
        writer.close()
    assert b"Traceback" not in output.read_bytes()
