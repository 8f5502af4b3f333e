"""Writing a session's journal: one record after the other, on disk before anyone acts on it.

Owns the one writer of a journal directory:

    000001.hj ...   segments of records        blobs/       outputs, named by their SHA-256
    LOCK            who writes                 quarantine/  torn ends that a crash left
    head            a hint at the last record

A barrier record is durable when `append` returns; others follow within 50 ms or 64 kB and always before the next
barrier. After a write or a sync failed, this writer never writes again. Must never know what records
mean, but for the one that begins a step.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haops.core.clock import Clock
from haops.errors import JournalError, JournalWriteFailed, Refused
from haops.formats.event_codec import encode_event
from haops.formats.journal_record import Chain, Entry, Record, is_session_id, seal
from haops.runtime import blobs, private_files
from haops.runtime.failpoints import reach
from haops.runtime.file_system import doubt_about
from haops.runtime.journal_head import Head, open_head, write_head
from haops.runtime.journal_lock import JournalLock
from haops.runtime.journal_reader import JournalScan, State, read_journal, scan_directory
from haops.runtime.journal_recovery import cut_torn_tail, what_was_put_aside
from haops.runtime.journal_segment import Segment

__all__ = ["JournalScan", "JournalWriter", "State", "read_journal"]

GROUP_BYTES = 64 * 1024
# A crash costs at most this much of what is no barrier; one sync for all of it keeps up with any output.
GROUP_S = 0.05
BEGINS_SOMETHING = frozenset({"step.confirmed"})
"""Records that lead to more records: refused when there is no room left for what follows them."""

_NO_ROOM = "free some space on that file system; what runs already is still recorded"
_LOST = "leave the session; when the disk is well again, `haops` resumes it"


@dataclass(frozen=True, slots=True)
class _Place:
    """An open and locked journal directory."""

    path: Path
    directory: int
    lock: JournalLock
    head: int
    blobs: int

    @classmethod
    def open(cls, path: Path, clock: Clock, *, create: bool) -> "_Place":
        """Open, check and lock. Raises JournalError, JournalLocked, OSError."""
        with ExitStack() as undo:
            directory = _open_directory(path, create=create)
            undo.callback(os.close, directory)
            lock = JournalLock.take(directory, path, clock)
            undo.callback(lock.release)
            head = open_head(directory)
            undo.callback(os.close, head)
            outputs = private_files.open_subdirectory(directory, blobs.DIRECTORY, create=True)
            undo.pop_all()
        return cls(path, directory, lock, head, outputs)

    def close(self) -> None:
        """Let go of everything, the lock last."""
        os.close(self.head)
        os.close(self.blobs)
        self.lock.release()
        os.close(self.directory)


class JournalWriter:
    """The one writer of a journal. Threads may share it; records of several threads share a sync."""

    def __init__(
        self, place: _Place, segment: Segment, chain: Chain, clock: Clock, *, found: tuple[str, ...] = ()
    ) -> None:
        self.path = place.path
        self.closed = False
        self._place = place
        self._segment = segment
        self._chain = chain
        self._clock = clock
        # `_writing` guards order and the newest segment's end; `_syncing` makes waiting threads share one sync.
        # Taken in this order, never the other way round.
        self._writing = threading.RLock()
        self._syncing = threading.RLock()
        self._last = Head(chain.next_seq - 1, chain.head)
        self._synced_seq = self._last.seq
        self._unsynced_bytes = 0
        self._streaming = threading.Event()
        self._ended = threading.Event()
        self._syncer: threading.Thread | None = None
        self._found = found

    @classmethod
    def create(cls, directory: Path, session_id: str, clock: Clock) -> "JournalWriter":
        """Begin a journal in a directory that is made for it (mode 0700). Raises JournalError, JournalWriteFailed."""
        if not is_session_id(session_id):
            raise JournalError(f"{session_id[:80]!r} cannot name a session: letters, digits, '.', '_' and '-' can")
        with _opened(directory, clock, create=True) as place:
            segment = Segment.create(place.directory, directory, 1)
        return cls(place, segment, Chain(sid=session_id), clock)

    @classmethod
    def resume(cls, directory: Path, clock: Clock) -> tuple["JournalWriter", tuple[Record, ...]]:
        """Go on with a journal: lock it, put a torn end aside, say so in it, and return all records with the writer.

        Raises JournalLocked if it is being written, JournalDamaged if kept records were changed, JournalError if there
        is none.
        """
        records: list[Record] = []
        with _opened(directory, clock, create=False) as place:
            scan = scan_directory(place.directory, directory, records.append, own=True)
            scan.raise_if_damaged()
            segment = Segment.reopen(place.directory, directory, scan.segment, scan.end)
            # Under the lock, so that no other process can take the torn end for its own.
            recovered = cut_torn_tail(place.directory, segment, scan)
        found = (*scan.notes, what_was_put_aside(recovered)) if recovered else scan.notes
        chain = Chain(scan.sid or directory.name, scan.count + 1, scan.head)
        writer = cls(place, segment, chain, clock, found=found)
        if recovered:
            records.append(writer.append(recovered.type, encode_event(recovered), actor="haops", barrier=True))
        return writer, tuple(records)

    @property
    def head(self) -> str:
        """The hash of the last record."""
        return self._chain.head

    @property
    def next_seq(self) -> int:
        """The number that the next record will have."""
        return self._chain.next_seq

    def wall_ahead_ms(self) -> int:
        """Return how far the wall clock is ahead of the monotonic one now; only differences mean anything."""
        return round((self._clock.now().timestamp() - self._clock.monotonic()) * 1000)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the operator has to know: that its place may lie, that its end was torn or cannot be checked."""
        return tuple(filter(None, (doubt_about(self.path), *self._found)))

    def append(
        self,
        type: str,  # noqa: A002 - the journal's own word
        body: Mapping[str, Any],
        *,
        actor: str,
        attempt: str = "",
        barrier: bool,
    ) -> Record:
        """Write a record and return it; a barrier is durable then.

        Raises JournalWriteFailed; Refused if it begins something and the disk is full, which leaves the writer usable;
        ValueError for a body that cannot be kept exactly (see `journal_record.seal`).
        """
        with self._writing:
            self._refuse_if_closed()
            self._check_place(type)
            record = self._write(self._entry(type, body, actor, attempt))
        # Without the lock: what other threads write meanwhile shares the next sync.
        if barrier or self._unsynced_bytes >= GROUP_BYTES:
            self._sync(record.seq)
        else:
            self._sync_soon()
        return record

    def store_blob(self, content: bytes) -> str:
        """Keep an output, durably, and return its SHA-256.

        Raises JournalWriteFailed; the writer itself stays usable, so that the outcome can be recorded without it.
        """
        try:
            return blobs.store_blob(self._place.blobs, content)
        except OSError as error:
            raise _write_failed(self.path / blobs.DIRECTORY, error) from None

    def load_blob(self, name: str) -> bytes:
        """Return an output that was kept, checked. Raises JournalDamaged."""
        return blobs.load_blob(self._place.directory, name)

    def close(self) -> None:
        """Make everything durable and let go of the journal. Raises JournalWriteFailed; closing twice is nothing."""
        if self._ended.is_set():
            return
        # The thread that syncs may wait for work: without this it would wait for ever.
        self._ended.set()
        self._streaming.set()
        # Without the locks below: the thread may be waiting for one of them.
        if self._syncer:
            self._syncer.join()
        with self._writing, self._syncing:
            try:
                if not self.closed:
                    self._sync(self._last.seq)
            finally:
                self._let_go(healthy=not self.closed)

    def _entry(self, type_: str, body: Mapping[str, Any], actor: str, attempt: str) -> Entry:
        """Return the entry with the time of now."""
        return Entry(
            type=type_,
            wall=self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z"),
            mono_us=round(self._clock.monotonic() * 1_000_000),
            boot=self._clock.boot_id(),
            actor=actor,
            attempt=attempt,
            body=body,
        )

    def _check_place(self, type_: str) -> None:
        """Before a record: still the same file, and room ahead for what a beginning leads to.

        A second writer, who can only come by a lock file that someone replaced, is noticed here by what it wrote.
        """
        try:
            self._segment.check_in_place()
        except OSError as error:
            raise self._fail(error) from None
        if not self._segment.keep_reserve() and type_ in BEGINS_SOMETHING:
            raise Refused("the disk has no room to record another step", where=str(self.path), remedy=_NO_ROOM)

    def _write(self, entry: Entry) -> Record:
        """Write one record behind the last one."""
        record, line = seal(entry, self._chain)
        try:
            if not self._segment.has_room_for(line):
                self._roll()
            self._segment.append(line)
        except OSError as error:
            raise self._fail(error) from None
        self._chain.advance(record)
        self._last = Head(record.seq, record.hash)
        self._unsynced_bytes += len(line)
        return record

    def _roll(self) -> None:
        """Go over to a new segment; the old one is durable before the new one exists."""
        with self._syncing:
            self._segment.sync()
            reach("journal.before-roll")
            following = Segment.create(self._place.directory, self.path, self._segment.number + 1)
            # It is durable: that its spare room is not given back harms nothing.
            with suppress(OSError):
                self._segment.close(give_back=True)
            self._segment = following

    def _sync(self, seq: int) -> None:
        """Make the records up to this one durable, unless another thread's sync has done so."""
        with self._syncing:
            if self._synced_seq >= seq:
                return
            self._refuse_if_closed()
            last = self._last
            # Before the sync: what is written meanwhile belongs to the next one.
            self._unsynced_bytes = 0
            try:
                self._segment.sync()
                write_head(self._place.head, last)
            except OSError as error:
                raise self._fail(error) from None
            self._synced_seq = last.seq

    def _sync_soon(self) -> None:
        """See to it that a record which is no barrier becomes durable in a moment."""
        if self._syncer is None:
            self._syncer = threading.Thread(target=self._sync_streams, name="haops-journal-sync", daemon=True)
            self._syncer.start()
        self._streaming.set()

    def _sync_streams(self) -> None:
        """Sync the records of each 50 ms together, until the journal is closed."""
        while self._streaming.wait() and not self._ended.is_set():
            self._streaming.clear()
            self._ended.wait(GROUP_S)
            # A failure closes the writer; the next append tells it.
            with suppress(JournalWriteFailed):
                self._sync(self._last.seq)

    def _refuse_if_closed(self) -> None:
        """Raise JournalWriteFailed if nothing more can be written."""
        if self.closed:
            raise JournalWriteFailed("the journal is closed", where=str(self.path), remedy=_LOST)

    def _fail(self, error: OSError) -> JournalWriteFailed:
        """Close for good and return the error to raise."""
        self.closed = True
        return _write_failed(self._segment.path, error)

    def _let_go(self, *, healthy: bool) -> None:
        """Close every descriptor and the lock."""
        self.closed = True
        with suppress(OSError):
            self._segment.close(give_back=healthy)
        self._place.close()


@contextmanager
def _opened(path: Path, clock: Clock, *, create: bool) -> Iterator[_Place]:
    """Open a journal's place for a writer; if the writer does not come to be, everything is let go of again."""
    try:
        place = _Place.open(path, clock, create=create)
    except OSError as error:
        raise _write_failed(path, error) from None
    with ExitStack() as undo:
        undo.callback(place.close)
        try:
            yield place
        except OSError as error:
            raise _write_failed(path, error) from None
        undo.pop_all()


def _open_directory(path: Path, *, create: bool) -> int:
    """Return a descriptor of the journal's directory. Raises JournalError with what is wrong with the place."""
    try:
        return private_files.open_directory(path, create=create)
    except OSError as error:
        remedy = "give another place with XDG_STATE_HOME" if create else "`haops journal list`"
        raise JournalError(f"no journal can be kept there: {_reason(error)}", where=str(path), remedy=remedy) from None


def _write_failed(path: Path, error: OSError) -> JournalWriteFailed:
    """Return the error for a disk that did not take something."""
    return JournalWriteFailed(f"cannot be written: {_reason(error)}", where=str(path), remedy=_LOST)


def _reason(error: OSError) -> str:
    """Return an OSError in words."""
    return error.strerror or str(error)
