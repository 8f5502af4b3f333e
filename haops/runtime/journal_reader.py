"""Reading a journal: every record checked, the first bad place named, a journal at work left in peace.

Owns what is said about a stored journal. Must never write, lock or repair; `journal_recovery` does that.
"""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from haops.errors import JournalDamaged, JournalError
from haops.formats.journal_record import MAX_PAYLOAD_BYTES, BadLine, Chain, Record, find_whole_lines
from haops.runtime import private_files
from haops.runtime.journal_head import Head, read_head
from haops.runtime.journal_lock import Holder, find_writer
from haops.runtime.journal_segment import LIMIT_BYTES, list_segments

# Mark, length and hash stand before the payload and take less than that.
MAX_LINE_BYTES = MAX_PAYLOAD_BYTES + 128
BATCH_BYTES = 64 * 1024 + MAX_LINE_BYTES
"""A crash can leave at most this much behind the last record that was durable."""
_NO_HINT = "the hint `head` is missing or unreadable: whether records were cut off at the end cannot be told"
MAX_SEGMENT_BYTES = LIMIT_BYTES + MAX_LINE_BYTES


class State(StrEnum):
    """What can be said of a stored journal."""

    CLEAN = "clean"
    """Every byte is a record, and every record follows the one before."""
    TORN = "torn"
    """The end is an unfinished record, as a crash leaves it; nobody was told that it was kept."""
    DAMAGED = "damaged"
    """Something that had been kept was changed."""
    TRUNCATED = "truncated"
    """It ends properly, but it had been longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The first bad place: segment file, offset and length in bytes, and the record that belongs there."""

    segment: str
    offset: int
    length: int
    seq: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalScan:
    """What a journal holds and what is wrong with it.

    `records` are those that verify, in order, up to the first bad place (empty if they were not asked for); `count` is
    how many there are, `stranded` are whole records behind that place. `end` is the offset behind the last good record
    in `segment`. `writer` is the process that writes it now.
    """

    path: Path
    state: State
    sid: str
    count: int
    head: str
    segment: str
    end: int
    records: tuple[Record, ...] = ()
    problem: Place | None = None
    stranded: tuple[Record, ...] = ()
    writer: Holder | None = None
    notes: tuple[str, ...] = ()

    def raise_if_damaged(self) -> None:
        """Raise JournalDamaged if something that had been kept was changed or is gone."""
        if self.problem and self.state in {State.DAMAGED, State.TRUNCATED}:
            raise JournalDamaged(
                f"{self.problem.reason} ({self.problem.segment}, byte {self.problem.offset})",
                where=str(self.path),
                remedy="keep it as it is (`haops journal show` still reads it) and begin a new session",
            )


def read_journal(path: Path) -> JournalScan:
    """Read all records of a journal: its directory, or one of its segment files. Works while it is being written.

    Raises JournalError if there is no journal to be read; damage is told in the result.
    """
    records: list[Record] = []
    scan = verify_journal(path, on_record=records.append)
    return replace(scan, records=tuple(records))


def verify_journal(path: Path, on_record: Callable[[Record], None] | None = None) -> JournalScan:
    """Check a journal of any length in little memory; `on_record` gets each record that verifies.

    Raises JournalError if there is no journal to be read.
    """
    directory = open_journal(path)
    try:
        return scan_directory(directory, directory_of(path), on_record)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(directory)


def open_journal(path: Path) -> int:
    """Return a descriptor of the directory of a journal, for reading. Raises JournalError."""
    try:
        directory = os.open(directory_of(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if list_segments(directory):
            return directory
    except OSError as error:
        raise _unreadable(path, error) from None
    os.close(directory)
    raise _unreadable(path, FileNotFoundError(errno.ENOENT, "there is no segment (000001.hj)"))


def directory_of(path: Path) -> Path:
    """Return the journal's directory for it or for one of its segments."""
    return path.parent if path.suffix == ".hj" else path


def scan_directory(
    directory: int, path: Path, on_record: Callable[[Record], None] | None = None, *, own: bool = False
) -> JournalScan:
    """Check the journal in an open directory. `own` says that this process is the one that writes it."""
    # The hint first: read later, it could know of records that were written after the segments were read.
    writer = None if own else find_writer(directory)
    walk = _Walk(on_record or _ignore, read_head(directory))
    names = list_segments(directory)
    if not names:
        raise FileNotFoundError(errno.ENOENT, "there is no segment (000001.hj)")
    for name in names:
        walk.segment(directory, name)
    return walk.result(path, writer)


@dataclass(slots=True)
class _Walk:
    """One pass over all segments."""

    on_record: Callable[[Record], None]
    hint: Head | None
    chain: Chain = field(default_factory=Chain)
    segments: int = 0
    name: str = ""
    end: int = 0
    hint_met: bool = False
    problem: Place | None = None
    tail: bytes = b""
    stranded: list[Record] = field(default_factory=list)

    def segment(self, directory: int, name: str) -> None:
        """Read one segment, or only what can still be saved of it if something before it is bad."""
        self.segments += 1
        with os.fdopen(private_files.open_to_read(directory, name), "rb") as file:
            if self.problem is None and name != f"{self.segments:06}.hj":
                self._stop(name, 0, f"the segment before {name} is missing")
            if self.problem is None:
                self.name, self.end = name, 0
                # Bounded: a line without an end must not fill the memory.
                while line := file.readline(MAX_LINE_BYTES):
                    if not self._take(line):
                        break
                else:
                    # Nothing broke the loop: all of the segment is right.
                    return
                # Back before the line that was refused: it is a part of what can be saved.
                file.seek(self.end)
            self._save(file.read(MAX_SEGMENT_BYTES))

    def _take(self, line: bytes) -> bool:
        """Take the next line; False if it is not the record that belongs there."""
        try:
            record = self.chain.take(line)
        except BadLine as problem:
            self._stop(self.name, self.end, str(problem))
            return False
        self.end += len(line)
        # At the record that the hint names: its hash has to be the one that was durable then.
        if self.hint and record.seq == self.hint.seq:
            self.hint_met = record.hash == self.hint.hash
        self.on_record(record)
        return True

    def _stop(self, name: str, offset: int, reason: str) -> None:
        """Remember the first bad place."""
        seq = self.chain.next_seq
        self.problem = Place(segment=name, offset=offset, length=0, seq=seq, reason=f"record {seq}: {reason}")

    def _save(self, content: bytes) -> None:
        """Keep what stands behind the bad place: the first such piece as the tail, and every whole record in it."""
        self.tail = self.tail or content
        self.stranded.extend(record for _, record in find_whole_lines(content))

    def result(self, path: Path, writer: Holder | None) -> JournalScan:
        """Return what the pass has found out."""
        state, problem, notes = self._judge(writer)
        return JournalScan(
            path=path, state=state, sid=self.chain.sid, count=self.chain.next_seq - 1, head=self.chain.head,
            segment=self.name, end=self.end, problem=problem, stranded=tuple(self.stranded), writer=writer, notes=notes,
        )  # fmt: skip

    def _judge(self, writer: Holder | None) -> tuple[State, Place | None, tuple[str, ...]]:
        """Tell a crash from damage (`_is_torn`), and both from an end that is missing."""
        count = self.chain.next_seq - 1
        problem = self._measured()
        if problem and not self._is_torn():
            return State.DAMAGED, problem, ()
        if self.hint is None:
            notes = (_NO_HINT,) if count else ()
            return (State.TORN if problem else State.CLEAN), problem, notes
        if self.hint.seq > count:
            reason = f"the journal ends with record {count}, but record {self.hint.seq} had been kept"
            return (State.DAMAGED if problem else State.TRUNCATED), self._at_end(reason), ()
        if self.hint.seq and not self.hint_met:
            reason = f"record {self.hint.seq} is not the one that the hint `head` knows"
            return State.DAMAGED, self._at_end(reason), ()
        # A record that is being written is no torn end while its writer lives.
        if problem and writer:
            return State.CLEAN, None, (f"it is being written: {writer}",)
        return (State.TORN if problem else State.CLEAN), problem, ()

    def _is_torn(self) -> bool:
        """Whether the bad place can be what a crash leaves: at the very end, no more than one batch, nothing whole."""
        at_end = self.problem is not None and self.problem.segment == self.name == f"{self.segments:06}.hj"
        return at_end and len(self.tail) <= BATCH_BYTES and not self.stranded

    def _measured(self) -> Place | None:
        """Return the bad place with its length."""
        return replace(self.problem, length=len(self.tail)) if self.problem else None

    def _at_end(self, reason: str) -> Place:
        """Return the place behind the last good record."""
        seq = self.chain.next_seq
        return Place(segment=self.name, offset=self.end, length=len(self.tail), seq=seq, reason=reason)


def _ignore(record: Record) -> None:
    """Do nothing with a record that was only to be checked."""


def _unreadable(path: Path, error: OSError) -> JournalError:
    """Return the error for a journal that cannot be read at all."""
    reason = error.strerror or str(error)
    return JournalError(f"no journal can be read there: {reason}", where=str(path), remedy="`haops journal list`")
