import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from journals import StandingClock, first_segment, lines_of, write_journal
from waiting import until

from haops.errors import JournalDamaged, JournalError, JournalLocked, JournalWriteFailed, Refused
from haops.runtime import failpoints, file_system, journal_segment
from haops.runtime.blobs import load_blob
from haops.runtime.journal_file import JournalWriter, State, read_journal
from haops.runtime.journal_follow import follow_journal

CLOCK = StandingClock()


def note(writer: JournalWriter, text: str = "x", *, barrier: bool = True) -> int:
    """Write one record and return its number."""
    return writer.append("note.added", {"text": text, "operator": "ops"}, actor="ops", barrier=barrier).seq


def test_a_journal_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Records come back with number, time, actor, attempt and body, from the directory and from the segment's path."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    first = writer.append("session.opened", {"cluster": "prod"}, actor="ops", barrier=True)
    second = writer.append("attempt.intended", {"n": 1}, actor="ops", attempt="a" * 32, barrier=False)
    writer.close()
    for path in (tmp_path / "s-1", first_segment(tmp_path / "s-1")):
        scan = read_journal(path)
        assert (scan.state, scan.records, scan.problem, scan.sid) == (State.CLEAN, (first, second), None, "s-1")
    assert (first.seq, second.prev, second.attempt) == (1, first.hash, "a" * 32)
    assert first.wall.startswith("2026-11-21T03:14:07.")
    assert first.wall.endswith("Z")


def test_a_resumed_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    """Numbers and hashes go on without a gap, and all earlier records are handed out."""
    written = write_journal(tmp_path / "s-1", 3)
    writer, records = JournalWriter.resume(tmp_path / "s-1", CLOCK)
    assert (list(records), writer.next_seq, writer.head) == (written, 4, written[-1].hash)
    assert note(writer) == 4
    writer.close()
    assert read_journal(tmp_path / "s-1").count == 4


def test_an_empty_journal_can_be_resumed(tmp_path: Path) -> None:
    """A crash right after the beginning leaves a journal that can be gone on with, under its own name."""
    JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK).close()
    writer, records = JournalWriter.resume(tmp_path / "s-1", CLOCK)
    note(writer)
    writer.close()
    assert records == ()
    assert read_journal(tmp_path / "s-1").sid == "s-1"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_nobody_else_can_read_a_journal(tmp_path: Path, umask: int) -> None:
    """Directories are 0700 and files 0600, whatever the umask is."""
    before = os.umask(umask)
    try:
        writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
        writer.store_blob(b"output")
        note(writer)
        writer.close()
    finally:
        os.umask(before)
    places = [tmp_path / "s-1", *(tmp_path / "s-1").rglob("*")]
    modes = {place.name: stat.S_IMODE(place.stat().st_mode) for place in places}
    assert {name: oct(mode) for name, mode in modes.items() if mode not in (0o700, 0o600)} == {}
    assert all((mode == 0o700) == place.is_dir() for place, mode in zip(places, modes.values(), strict=True))


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    """One writer: the second learns process, user and since when, and nothing was changed."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    with pytest.raises(JournalLocked, match=rf"process {os.getpid()} of \w+.*since 2026-11-21T.*alive"):
        JournalWriter.resume(tmp_path / "s-1", CLOCK)
    writer.close()
    JournalWriter.resume(tmp_path / "s-1", CLOCK)[0].close()


HOLD = """
import sys, time
from pathlib import Path
from haops.runtime.clock import SystemClock
from haops.runtime.journal_file import JournalWriter
writer, _ = JournalWriter.resume(Path(sys.argv[1]), SystemClock())
print("held", flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_a_stopped_holder_keeps_the_lock_and_a_killed_one_frees_it(tmp_path: Path) -> None:
    """A haops in the background (ctrl-z) still owns its journal and is named as stopped; kill -9 leaves no lock."""
    write_journal(tmp_path / "s-1", 1)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "s-1"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        os.kill(holder.pid, 19)
        until(lambda: _process_state(holder.pid) == "T")
        with pytest.raises(JournalLocked, match="stopped"):
            JournalWriter.resume(tmp_path / "s-1", CLOCK)
        assert read_journal(tmp_path / "s-1").count == 1
    finally:
        holder.kill()
        holder.communicate()
    JournalWriter.resume(tmp_path / "s-1", CLOCK)[0].close()


def _process_state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def test_a_new_segment_begins_before_the_limit_and_the_chain_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments stay below their limit, numbers run through, and reading, resuming and following cross the border."""
    monkeypatch.setattr(journal_segment, "LIMIT_BYTES", 2000)
    written = write_journal(tmp_path / "s-1", 20)
    segments = sorted((tmp_path / "s-1").glob("*.hj"))
    assert len(segments) > 3
    assert all(segment.stat().st_size <= 2000 for segment in segments)
    assert list(read_journal(tmp_path / "s-1").records) == written
    writer, records = JournalWriter.resume(tmp_path / "s-1", CLOCK)
    writer.append("session.closed", {"outcome": "done"}, actor="ops", barrier=True)
    writer.close()
    assert [record.seq for record in follow_journal(tmp_path / "s-1")] == list(range(1, 22))
    assert len(records) == 20


def test_an_old_segment_is_durable_before_a_new_one_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut could leave a hole in the middle of a journal instead of a torn end."""
    monkeypatch.setattr(journal_segment, "LIMIT_BYTES", 1000)
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    done: list[str] = []
    sync, create = journal_segment.Segment.sync, journal_segment.Segment.create
    monkeypatch.setattr(journal_segment.Segment, "sync", lambda self: (done.append(self.path.name), sync(self)))
    monkeypatch.setattr(
        journal_segment.Segment, "create", lambda *given: (done.append(f"begin {given[-1]}"), create(*given))[1]
    )
    while "begin 2" not in done:
        note(writer, barrier=False)
    writer.close()
    assert done[done.index("begin 2") - 1] == "000001.hj"


def test_a_record_that_is_no_barrier_is_synced_soon_and_before_the_next_barrier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small events share a sync; none waits for longer than a moment."""
    synced: list[int] = []
    real = journal_segment.Segment.sync
    monkeypatch.setattr(journal_segment.Segment, "sync", lambda self: (synced.append(self.end), real(self)))
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    for _ in range(20):
        note(writer, barrier=False)
    assert len(synced) <= 1
    until(lambda: synced and synced[-1] == first_segment(tmp_path / "s-1").stat().st_size)
    note(writer, barrier=False)
    note(writer, barrier=True)
    assert synced[-1] == first_segment(tmp_path / "s-1").stat().st_size
    writer.close()


def test_threads_share_one_journal(tmp_path: Path) -> None:
    """Barriers of many threads end up in one unbroken chain, each durable when its append returned."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    threads = [threading.Thread(target=lambda: [note(writer) for _ in range(25)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    scan = read_journal(tmp_path / "s-1")
    assert (scan.state, scan.count) == (State.CLEAN, 200)


def test_an_output_is_kept_once_under_its_hash_and_checked_when_read(tmp_path: Path) -> None:
    """The same output twice is one file; one that was changed or is gone is not handed out; a bad one is rewritten."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    name = writer.store_blob(b"hash 5f3c0e11")
    assert writer.store_blob(b"hash 5f3c0e11") == name
    directory = os.open(tmp_path / "s-1", os.O_RDONLY)
    assert load_blob(directory, name) == b"hash 5f3c0e11"
    (tmp_path / "s-1/blobs" / name).write_bytes(b"something else")
    with pytest.raises(JournalDamaged, match="was changed"):
        load_blob(directory, name)
    assert writer.store_blob(b"hash 5f3c0e11") == name
    assert load_blob(directory, name) == b"hash 5f3c0e11"
    with pytest.raises(JournalDamaged, match="cannot be read"):
        load_blob(directory, "0" * 64)
    with pytest.raises(JournalDamaged, match="not the name"):
        load_blob(directory, "../../etc/passwd")
    os.close(directory)
    writer.close()


def test_an_output_that_was_blown_up_is_told_without_being_read(tmp_path: Path) -> None:
    """A file of terabytes in an output's place costs no memory: it is damage by its size alone."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    name = writer.store_blob(b"output")
    os.truncate(tmp_path / "s-1/blobs" / name, 1 << 40)
    directory = os.open(tmp_path / "s-1", os.O_RDONLY)
    with pytest.raises(JournalDamaged, match="1099511627776 bytes"):
        load_blob(directory, name)
    os.close(directory)
    assert writer.store_blob(b"output") == name
    writer.close()


def test_a_closed_writer_says_so(tmp_path: Path) -> None:
    """Nothing is written silently into nowhere; closing twice is nothing."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    writer.close()
    writer.close()
    with pytest.raises(JournalWriteFailed, match="closed"):
        note(writer)


def test_a_journal_is_never_begun_over_another(tmp_path: Path) -> None:
    """Creating where a journal is already is refused, and the old one is untouched."""
    written = write_journal(tmp_path / "s-1", 2)
    with pytest.raises(JournalWriteFailed, match="exists"):
        JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    assert list(read_journal(tmp_path / "s-1").records) == written
    JournalWriter.resume(tmp_path / "s-1", CLOCK)[0].close()


@pytest.mark.parametrize("change", ["replaced", "deleted", "moved", "appended", "cut"])
def test_a_journal_changed_under_the_writer_is_noticed_before_the_next_barrier(tmp_path: Path, change: str) -> None:
    """No effect follows an intent that went into a file which nobody will find."""
    directory = tmp_path / "s-1"
    writer = JournalWriter.create(directory, "s-1", CLOCK)
    note(writer)
    segment = first_segment(directory)
    if change == "replaced":
        content = segment.read_bytes()
        segment.unlink()
        segment.write_bytes(content)
    elif change == "deleted":
        segment.unlink()
    elif change == "moved":
        directory.rename(tmp_path / "s-2")
    elif change == "appended":
        with segment.open("ab") as file:
            file.write(b"x")
    else:
        os.truncate(segment, 10)
    with pytest.raises(JournalWriteFailed):
        note(writer)
    assert writer.closed
    with pytest.raises(JournalWriteFailed, match="closed"):
        note(writer)
    writer.close()


@pytest.mark.parametrize("barrier", [True, False, None])
def test_a_replaced_lock_lets_two_in_but_only_one_go_on(tmp_path: Path, barrier: bool | None) -> None:  # noqa: FBT001
    """Whoever finds that the other one has written stops for good, or only closes; the chain stays whole."""
    first = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    note(first)
    (tmp_path / "s-1/LOCK").unlink()
    second, _ = JournalWriter.resume(tmp_path / "s-1", CLOCK)
    note(second)
    if barrier is not None:
        with pytest.raises(JournalWriteFailed, match="bytes where"):
            note(first, barrier=barrier)
    note(second)
    first.close()
    second.close()
    assert (read_journal(tmp_path / "s-1").state, read_journal(tmp_path / "s-1").count) == (State.CLEAN, 3)


def _symlinked_directory(place: Path) -> None:
    (place.parent / "elsewhere").mkdir()
    place.symlink_to(place.parent / "elsewhere")


def _symlinked(name: str, place: Path) -> None:
    place.mkdir(mode=0o700)
    (place / name).symlink_to(place.parent / "target")
    (place.parent / "target").mkdir() if name == "blobs" else (place.parent / "target").touch()


def _fifo(place: Path) -> None:
    place.mkdir(mode=0o700)
    os.mkfifo(place / "000001.hj")


def _second_name(place: Path) -> None:
    place.mkdir(mode=0o700)
    (place.parent / "target").touch()
    (place / "LOCK").hardlink_to(place.parent / "target")


def _open_parent(place: Path) -> None:
    place.parent.chmod(0o777)


@pytest.mark.parametrize(
    "prepare",
    [
        _symlinked_directory,
        lambda place: _symlinked("000001.hj", place),
        lambda place: _symlinked("LOCK", place),
        lambda place: _symlinked("head", place),
        lambda place: _symlinked("blobs", place),
        _fifo,
        _second_name,
        _open_parent,
    ],
)
def test_a_place_that_somebody_prepared_is_refused(tmp_path: Path, prepare: object) -> None:
    """Links, FIFOs, second names and a parent that everyone may change: nothing is written through them."""
    place = tmp_path / "parent" / "s-1"
    place.parent.mkdir()
    prepare(place)  # type: ignore[operator]
    with pytest.raises(JournalError):
        JournalWriter.create(place, "s-1", CLOCK)
    target = place.parent / "target"
    assert not target.exists() or target.is_dir() or target.read_bytes() == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_someone_else_is_refused(tmp_path: Path) -> None:
    """A journal in another user's directory could be changed by that user."""
    (tmp_path / "s-1").mkdir(mode=0o700)
    os.chown(tmp_path / "s-1", 12345, 12345)
    with pytest.raises(JournalError, match="belongs to user 12345"):
        JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)


def test_short_writes_leave_whole_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that takes a few bytes at a time is asked again until the record is whole."""
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, content, place: real(fd, bytes(content)[:7], place))
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    monkeypatch.setattr(journal_segment.Segment, "keep_reserve", lambda _: True)
    note(writer)
    note(writer)
    monkeypatch.undo()
    writer.close()
    assert [line[:3] for line in lines_of(tmp_path / "s-1")] == [b"H1 ", b"H1 "]
    assert len(read_journal(tmp_path / "s-1").records) == 2


@pytest.mark.parametrize("call", ["fdatasync", "pwrite"])
def test_after_a_failure_of_the_disk_nothing_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A failed sync leaves pages that the kernel calls clean: the writer is closed for good, earlier records stay."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    note(writer, "kept")
    asked: list[str] = []
    real = getattr(os, call)
    descriptor = writer._segment._descriptor

    def fail(fd: int, *rest: object) -> object:
        if fd != descriptor:
            return real(fd, *rest)
        asked.append(call)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, call, fail)
    for _ in range(3):
        with pytest.raises(JournalWriteFailed):
            note(writer, "lost")
    assert asked == [call]
    writer.close()
    monkeypatch.undo()
    assert read_journal(tmp_path / "s-1").records[0].body["text"] == "kept"


FULL = """
import json, os, resource, sys
from pathlib import Path
from haops.errors import HaopsError
from haops.runtime.clock import SystemClock
from haops.runtime.journal_file import JournalWriter

place, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
writer = JournalWriter.create(place, "s-1", SystemClock())
seen = []
def write(kind):
    try:
        seen.append(writer.append(kind, {"text": "x" * 20000}, actor="ops", barrier=True).type)
    except HaopsError as error:
        seen.append(type(error).__name__)
write("step.confirmed")
if not limit:
    try:
        (place / "filler").write_bytes(bytes(100_000_000))
    except OSError:
        pass
while seen[-1] == "step.confirmed":
    write("step.confirmed")
write("attempt.ended")
write("attempt.ended")
while seen[-1] == "attempt.ended":
    write("attempt.ended")
write("attempt.ended")
(place / "filler").unlink(missing_ok=True)
resumed, records = (writer.close(), JournalWriter.resume(place, SystemClock()))[1]
resumed.close()
print(json.dumps([seen, len(records)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["size of files", "file system"])
def test_on_a_full_disk_no_step_begins_and_the_running_one_is_still_recorded(tmp_path: Path, limit: str) -> None:
    """The reserve takes the outcome of what runs; beginning something is refused; the end is a clear error."""
    command = [sys.executable, "-c", FULL, str(tmp_path / "s-1"), "1500000"]
    if limit == "file system":
        command[-1] = "0"
        mounted = f'mount -t tmpfs -o size=3m,mode=700 none {tmp_path} && exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted, "sh", *command]
    ended = subprocess.run(command, capture_output=True, check=False)
    if limit == "file system" and b"unshare" in ended.stderr:
        pytest.skip("no user namespaces here")
    assert ended.returncode == 0, ended.stderr
    seen, resumed = json.loads(ended.stdout)
    refused = seen.index(Refused.__name__)
    assert set(seen[:refused]) == {"step.confirmed"}
    assert seen[refused + 1 : refused + 3] == ["attempt.ended"] * 2
    assert seen[-2:] == [JournalWriteFailed.__name__] * 2
    assert resumed == sum(kind.islower() for kind in seen)


def test_a_journal_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    """Reading takes no lock, names the writer, and an unfinished last line is no damage then."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    note(writer)
    scan = read_journal(tmp_path / "s-1")
    assert (scan.state, scan.count, scan.writer and scan.writer.pid) == (State.CLEAN, 1, os.getpid())
    with first_segment(tmp_path / "s-1").open("ab") as file:
        file.write(b"H1 0000")
    scan = read_journal(tmp_path / "s-1")
    assert (scan.state, scan.count) == (State.CLEAN, 1)
    assert "being written" in scan.notes[0]
    with pytest.raises(JournalWriteFailed):
        note(writer)
    writer.close()


def test_following_yields_each_record_once_and_ends_with_the_session(tmp_path: Path) -> None:
    """Records appear as they are written, in order; a closed session that was left ends the following."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    note(writer, "0")
    followed = follow_journal(tmp_path / "s-1", interval_s=0.01)
    for number in range(1, 6):
        assert next(followed).body["text"] == str(number - 1)
        note(writer, str(number), barrier=False)
    writer.append("session.closed", {"outcome": "done"}, actor="ops", barrier=True)
    writer.append("session.left", {"reason": "left"}, actor="ops", barrier=True)
    writer.close()
    assert [record.type for record in followed] == ["note.added", "session.closed", "session.left"]


@pytest.mark.parametrize("reference", ["missing", ".", "000001.hj"])
def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, reference: str) -> None:
    """A wrong path is one clear error."""
    with pytest.raises(JournalError, match="no journal can be read"):
        read_journal(tmp_path / reference)
    with pytest.raises(JournalError):
        JournalWriter.resume(tmp_path / reference, CLOCK)


@pytest.mark.parametrize(
    ("kind", "doubt"),
    [("ext4", ""), ("xfs", ""), ("tmpfs", "in memory"), ("nfs4", "lies on nfs4"), ("fuse.sshfs", "lies on fuse.sshfs")],
)
def test_a_file_system_that_may_lie_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, doubt: str
) -> None:
    """Network file systems may say that a record is on disk when it is not, and memory forgets."""
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    line = f"22 1 {os.major(device)}:{os.minor(device)} / / rw,relatime shared:1 - {kind} /dev/x rw\n"
    mounts.write_text(f"21 1 0:99 / /proc rw - proc proc rw\n{line}", encoding="utf-8")
    monkeypatch.setattr(file_system, "_MOUNTS", mounts)
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", CLOCK)
    writer.close()
    assert [doubt in told for told in writer.doubts] == [True] * bool(doubt)


def test_failpoints_do_nothing_in_a_persons_session() -> None:
    """Without HAOPS_TEST=1 the variable is not even read."""
    code = "from haops.runtime.failpoints import reach; reach('journal.before-sync')"
    environment = {**os.environ, "HAOPS_FAILPOINT": "journal.before-sync:kill"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    environment["HAOPS_TEST"] = "1"
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == -9


def test_a_failpoint_acts_the_nth_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test can let a point pass some times."""
    monkeypatch.setattr(failpoints, "_armed", failpoints._parse("here:raise:3"))
    failpoints.reach("here")
    failpoints.reach("here")
    with pytest.raises(failpoints.FailpointRaised):
        failpoints.reach("here")
    failpoints.reach("here")
