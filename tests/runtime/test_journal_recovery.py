import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from journals import StandingClock, first_segment, lines_of, write_journal

from haops.errors import JournalDamaged
from haops.runtime.journal_file import JournalWriter, State, read_journal

COUNT = 8
LAST = 3


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small journal; never changed, only copied."""
    directory = tmp_path_factory.mktemp("original") / "s-1"
    write_journal(directory, COUNT)
    return directory


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """A copy of it, without the hint: as if nothing of the tail had been acknowledged."""
    place = Path(shutil.copytree(original, tmp_path / "s-1"))
    (place / "head").unlink()
    return place


def fill(kind: str, content: bytes, place: int) -> bytes:
    """Return the journal's bytes with everything from a place on lost in one of four ways."""
    lost = len(content) - place
    match kind:
        case "cut":
            return content[:place]
        case "nul":
            return content[:place] + bytes(lost)
        case "random":
            return content[:place] + random.Random(place).randbytes(lost)  # noqa: S311 - only noise is wanted
    return content[:place] + content[:lost]


@pytest.mark.parametrize("kind", ["cut", "nul", "random", "old bytes"])
def test_no_record_before_a_torn_tail_is_ever_lost(original: Path, copy: Path, kind: str) -> None:
    """Every byte of the last three records x four ways to lose the rest: whole records stay, nothing is dropped."""
    lines = lines_of(original)
    content = b"".join(lines)
    start = sum(map(len, lines[:-LAST]))
    for place in range(start, len(content)):
        torn = fill(kind, content, place)
        first_segment(copy).write_bytes(torn)
        whole = _whole_before(lines, place)
        scan = read_journal(copy)
        assert scan.count >= whole, place
        assert scan.records == read_journal(original).records[: scan.count], place
        wanted = {State.CLEAN, State.TORN} if kind != "old bytes" else {State.CLEAN, State.TORN, State.DAMAGED}
        assert scan.state in wanted, place
        assert (scan.problem is not None) == (scan.end < len(torn)), place


def _whole_before(lines: list[bytes], place: int) -> int:
    """Return how many records end at or before a place."""
    ends = [sum(map(len, lines[: index + 1])) for index in range(len(lines))]
    return sum(end <= place for end in ends)


@pytest.mark.parametrize("kind", ["cut", "nul", "random"])
def test_a_torn_tail_is_put_aside_and_told(original: Path, copy: Path, kind: str) -> None:
    """Resuming keeps the unfinished bytes in quarantine, writes down that it did, and goes on."""
    content = b"".join(lines_of(original))
    place = len(content) - 100
    torn = fill(kind, content, place)
    first_segment(copy).write_bytes(torn)
    writer, records = JournalWriter.resume(copy, StandingClock())
    writer.append("note.added", {"text": "on"}, actor="ops", barrier=True)
    writer.close()
    recovered = records[-1]
    tail = torn[sum(map(len, lines_of(original)[:-1])) :]
    assert (recovered.type, recovered.seq) == ("journal.recovered", COUNT)
    assert recovered.body["sha256"] == hashlib.sha256(tail).hexdigest()
    assert (copy / "quarantine" / recovered.body["kept_as"]).read_bytes() == tail
    scan = read_journal(copy)
    assert (scan.state, scan.count) == (State.CLEAN, COUNT + 1)


def test_a_tail_that_had_been_acknowledged_is_not_put_aside(original: Path, copy: Path) -> None:
    """If the hint knows a record in the bad tail, it is damage: the journal is refused and left alone."""
    shutil.copy(original / "head", copy / "head")
    content = b"".join(lines_of(original))[:-10]
    first_segment(copy).write_bytes(content)
    with pytest.raises(JournalDamaged):
        JournalWriter.resume(copy, StandingClock())
    assert first_segment(copy).read_bytes() == content


def test_a_tail_longer_than_one_batch_is_damage(copy: Path) -> None:
    """No crash leaves megabytes of unfinished records."""
    with first_segment(copy).open("ab") as file:
        file.write(bytes(6 * 1024 * 1024))
    assert read_journal(copy).state is State.DAMAGED


def test_an_unreadable_hint_is_reported_and_ignored(original: Path, copy: Path) -> None:
    """The hint is never needed: half of one is as good as none."""
    (copy / "head").write_bytes((original / "head").read_bytes()[:50])
    scan = read_journal(copy)
    assert scan.state is State.CLEAN
    assert "`head` is missing" in scan.notes[0]


WRITE = """
import os, sys
from pathlib import Path
from haops.runtime.clock import SystemClock
from haops.runtime import journal_segment
from haops.runtime.journal_file import JournalWriter
journal_segment.LIMIT_BYTES = 20_000
directory = Path(sys.argv[1])
if directory.exists():
    writer, records = JournalWriter.resume(directory, SystemClock())
else:
    writer = JournalWriter.create(directory, directory.name, SystemClock())
while True:
    for barrier in (True, False, False, True):
        record = writer.append("note.added", {"text": "x" * 300}, actor="ops", barrier=barrier)
        if barrier:
            os.write(1, b"%d %s\\n" % (record.seq, record.hash.encode()))
    if record.seq % 5 == 0:
        os.write(1, b"blob %s\\n" % writer.store_blob(b"%d" % record.seq).encode())
"""


def _acknowledged(output: bytes) -> dict[int, str]:
    """Return number -> hash of what the writer had been told is durable."""
    whole = output[: output.rfind(b"\n") + 1].decode().splitlines()
    pairs = (line.split() for line in whole)
    return {int(number): digest for number, digest in pairs if number != "blob"}


def _check_acknowledged(directory: Path, acknowledged: dict[int, str]) -> None:
    """Assert that everything acknowledged is there, and that nothing was changed."""
    scan = read_journal(directory)
    assert scan.state in {State.CLEAN, State.TORN}, scan.problem
    there = {record.seq: record.hash for record in scan.records}
    lost = {seq for seq, digest in acknowledged.items() if there.get(seq) != digest}
    assert lost == set()


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Killed again and again in the middle of its work, the writer always finds everything it had been promised."""
    chance = random.Random(11)  # noqa: S311 - moments, not secrets
    rounds = int(os.environ.get("HAOPS_KILLS", "60"))
    acknowledged: dict[int, str] = {}
    for _ in range(rounds):
        writer = subprocess.Popen([sys.executable, "-c", WRITE, tmp_path / "s-1"], stdout=subprocess.PIPE)
        assert writer.stdout
        first = writer.stdout.readline()
        try:
            writer.wait(chance.uniform(0, 0.02))
        except subprocess.TimeoutExpired:
            writer.kill()
        acknowledged |= _acknowledged(first + writer.communicate()[0])
        _check_acknowledged(tmp_path / "s-1", acknowledged)
    assert len(acknowledged) > rounds


POINTS = [
    "journal.before-directory-sync",
    "journal.before-write",
    "journal.after-write",
    "journal.before-sync",
    "journal.after-sync",
    "journal.before-roll",
    "blob.before-write",
    "blob.after-write",
]


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 2, 7])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_a_named_point_loses_nothing_that_was_acknowledged(tmp_path: Path, point: str, nth: int) -> None:
    """Dead exactly before or after each write, sync, roll and rename: the journal goes on, without a hand."""
    environment = {**os.environ, "HAOPS_TEST": "1", "HAOPS_FAILPOINT": f"{point}:kill:{nth}"}
    command = [sys.executable, "-c", WRITE, tmp_path / "s-1"]
    ended = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
    assert ended.returncode == -9, ended.stderr
    acknowledged = _acknowledged(ended.stdout)
    if not first_segment(tmp_path / "s-1").exists():
        assert acknowledged == {}
        return
    _check_acknowledged(tmp_path / "s-1", acknowledged)
    writer, _ = JournalWriter.resume(tmp_path / "s-1", StandingClock())
    writer.append("note.added", {"text": "on"}, actor="ops", barrier=True)
    writer.close()
    assert read_journal(tmp_path / "s-1").state is State.CLEAN


@pytest.mark.slow
@pytest.mark.parametrize("point", ["recovery.before-quarantine", "recovery.before-cut", "recovery.after-cut"])
def test_a_crash_during_recovery_is_recovered_from(copy: Path, point: str) -> None:
    """Whatever point of the recovery it dies at, the next one ends with the same records and the tail put aside."""
    with first_segment(copy).open("ab") as file:
        file.write(b"H1 00000")
    environment = {**os.environ, "HAOPS_TEST": "1", "HAOPS_FAILPOINT": f"{point}:kill"}
    command = [sys.executable, "-c", WRITE, copy]
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == -9
    writer, records = JournalWriter.resume(copy, StandingClock())
    writer.close()
    assert [record.seq for record in records][:COUNT] == list(range(1, COUNT + 1))
    kept = list((copy / "quarantine").iterdir())
    assert [place.read_bytes() for place in kept] == [b"H1 00000"]
    assert read_journal(copy).state is State.CLEAN


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "fsync"])
@pytest.mark.parametrize("when", [1, 2, 5])
def test_an_error_of_the_disk_ends_the_journal_and_loses_nothing(tmp_path: Path, call: str, when: int) -> None:
    """EIO from the kernel itself, at each of several calls: a clear error, no further record, all promises kept."""
    inject = [*f"strace -f -qq -o /dev/null -e trace={call} -e inject={call}:error=EIO:when={when}".split()]
    command = [*inject, sys.executable, "-c", WRITE, str(tmp_path / "s-1")]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if b"ptrace" in ended.stderr.lower():
        pytest.skip("strace may not trace here")
    assert b"JournalWriteFailed" in ended.stderr or b"JournalError" in ended.stderr
    if first_segment(tmp_path / "s-1").exists():
        _check_acknowledged(tmp_path / "s-1", _acknowledged(ended.stdout))
