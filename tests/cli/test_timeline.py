import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from journals import StandingClock, first_segment
from stories import quorum_loss, write_story

from haops.cli.timeline import timeline, timeline_entries
from haops.errors import HaopsError, InputError
from haops.runtime.journal_file import JournalWriter


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """The journal of a drill."""
    return write_story(tmp_path / "s-1", quorum_loss())


def run(*arguments: object) -> Result:
    """Run `haops timeline` and return its result."""
    result = CliRunner().invoke(timeline, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize(
    ("name", "begins"),
    [("r.md", "# Drill: "), ("r.html", "<!doctype html>"), ("r.HTM", "<!doctype"), ("r.json", "{"), ("r.csv", '"utc"')],
)
def test_the_suffix_says_the_format(session: Path, tmp_path: Path, name: str, begins: str) -> None:
    """The file is written whole, for its owner only, and its name is said."""
    result = run(session, "-o", tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert str(tmp_path / name) in result.stderr
    assert result.stdout == ""


def test_standard_output_takes_any_format(session: Path) -> None:
    """Without a file it is Markdown; --format asks for another."""
    assert run(session).stdout.startswith("# Drill")
    assert json.loads(run(session, "-o", "-", "--format", "json").stdout)["session"] == "s-1"


def test_an_export_replaces_a_file_and_not_what_a_link_points_at(session: Path, tmp_path: Path) -> None:
    """A second export takes the first one's place; a link in its place is refused, its target untouched."""
    (tmp_path / "r.md").write_text("old", encoding="utf-8")
    run(session, "-o", tmp_path / "r.md")
    assert (tmp_path / "r.md").read_text(encoding="utf-8").startswith("# Drill")
    (tmp_path / "target").write_text("precious", encoding="utf-8")
    (tmp_path / "l.md").symlink_to(tmp_path / "target")
    with pytest.raises(HaopsError, match="cannot be written"):
        run(session, "-o", tmp_path / "l.md")
    assert (tmp_path / "target").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(("output", "message"), [("r.pdf", "names no format"), ("r", "names no format")])
def test_an_unknown_suffix_names_the_known_ones(session: Path, output: str, message: str) -> None:
    """A wrong suffix is an input error with what to try."""
    with pytest.raises(InputError, match=message) as caught:
        run(session, "-o", output)
    assert ".html" in str(caught.value)


def test_a_directory_that_is_not_there_is_said_to_be_missing(session: Path, tmp_path: Path) -> None:
    """One clear error, no traceback."""
    with pytest.raises(HaopsError, match="No such file"):
        run(session, "-o", tmp_path / "missing" / "r.md")


def test_a_damaged_journal_still_gives_a_timeline_that_says_so(session: Path) -> None:
    """What can be proven is told; the rest is a remark at a place that cannot be overlooked."""
    segment = first_segment(session)
    segment.write_bytes(segment.read_bytes().replace(b"network team", b"network tram"))
    text = run(session).stdout
    assert "the journal is damaged (record 26: the hash does not fit the content)" in text
    assert "network" not in text.split("## What weakens")[0].split("## Timeline")[1]


def test_a_live_session_has_a_timeline_for_the_screen(tmp_path: Path) -> None:
    """Rows with time, sentence and moment, read while the journal is written."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", StandingClock())
    with pytest.raises(InputError, match="no record yet"):
        timeline_entries(str(tmp_path / "s-1"))
    writer.append("note.added", {"text": "hello", "operator": "x"}, actor="ops", barrier=True)
    (entry,) = timeline_entries(str(tmp_path / "s-1"))
    writer.close()
    assert (entry.sentence, entry.moment, entry.at.year) == ("Note: hello", "first look", 2026)


def test_help_loads_nothing_heavy() -> None:
    """`haops timeline --help` answers at once: the modules that do the work are imported when they are needed."""
    code = "import sys, haops.cli.timeline, haops.cli.journal; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not {"msgspec", "yaml", "pydantic", "paramiko", "grpc", "kubernetes", "textual"} & set(loaded)
