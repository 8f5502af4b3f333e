"""A session's journal and the session folded from it, kept in step.

Owns the order: an event must be legal, then it is on disk, then it is true, then listeners are told. Must never decide
what happens next. After a failed write nothing can be committed any more: the session is read-only.
"""

import threading
from collections.abc import Callable, Sequence

from haops.core import events as ev
from haops.core.session import Entry, RunbookReader, apply, fold
from haops.core.session_state import Session
from haops.errors import JournalWriteFailed
from haops.formats.event_codec import encode_event, entry_of
from haops.formats.journal_record import Record
from haops.runtime.failpoints import reach
from haops.runtime.journal_file import JournalWriter

JUMP_MS = 500
"""What is set right little by little stays below this between two records."""

Listener = Callable[[Sequence[Entry]], None]


class SessionLog:
    """One writer of one session. Thread-safe: commits are serialised by `lock`, which callers may hold across two."""

    def __init__(self, journal: JournalWriter, session: Session, read_runbook: RunbookReader, *, actor: str) -> None:
        # Reentrant: listeners commit what follows by itself.
        self.lock = threading.RLock()
        self.journal = journal
        self.actor = actor
        self.lost = ""
        """Why nothing can be recorded any more; empty while it can."""
        self._wall_ahead_ms: int | None = None
        self._session = session
        self._read_runbook = read_runbook
        self._listeners: list[Listener] = []

    @classmethod
    def resumed(
        cls, journal: JournalWriter, records: Sequence[Record], session_id: str, read_runbook: RunbookReader, actor: str
    ) -> "SessionLog":
        """Return the log of a journal that was written before. Raises IllegalEvent if its history is impossible."""
        start = Session(id=session_id)
        return cls(journal, fold(map(entry_of, records), read_runbook, start), read_runbook, actor=actor)

    @property
    def session(self) -> Session:
        """The session as of the last commit. Immutable."""
        return self._session

    def subscribe(self, listener: Listener) -> None:
        """Call the listener with the entries of every commit, in order, from the committing thread."""
        self._listeners.append(listener)

    def commit(self, *events: ev.Event) -> Session:
        """Record events and return the session after them.

        Raises IllegalEvent (nothing was recorded) or JournalWriteFailed (nothing more will be).
        """
        with self.lock:
            events = (*self._clock_jump(), *events)
            # Nothing may be on disk that the fold refuses: the journal could never be read again.
            self._rehearse(events)
            # One sync for all of them: records before a barrier are durable with it.
            last_barrier = max((place for place, event in enumerate(events) if event.BARRIER), default=-1)
            entries = [self._append(event, barrier=place == last_barrier) for place, event in enumerate(events)]
            self._session = fold(entries, self._read_runbook, self._session)
            for listener in self._listeners:
                listener(entries)
            return self._session

    def _clock_jump(self) -> tuple[ev.Event, ...]:
        """Return the event that tells how far the wall clock has jumped since the last commit, if it has."""
        before, self._wall_ahead_ms = self._wall_ahead_ms, self.journal.wall_ahead_ms()
        jumped_ms = 0 if before is None else self._wall_ahead_ms - before
        return (ev.ClockJumped(offset_ms=jumped_ms),) if abs(jumped_ms) > JUMP_MS else ()

    def _rehearse(self, events: Sequence[ev.Event]) -> None:
        """Raise IllegalEvent if the events cannot follow, JournalWriteFailed if nothing can be recorded."""
        if self.lost:
            raise JournalWriteFailed(f"the journal takes no more records: {self.lost}", where=str(self.journal.path))
        session = self._session
        for event in events:
            # When and where it stands has no say in whether an event is legal.
            session = apply(session, Entry(seq=0, wall="", event=event), self._read_runbook)

    def _append(self, event: ev.Event, *, barrier: bool) -> Entry:
        """Write one event. After a failure the log stays closed."""
        reach(f"before-{event.type}")
        try:
            record = self.journal.append(
                event.type,
                encode_event(event),
                actor=self.actor,
                attempt=getattr(event, "attempt", ""),
                barrier=barrier,
            )
        except JournalWriteFailed as error:
            self.lost = error.message
            raise
        reach(f"after-{event.type}")
        return Entry(seq=record.seq, wall=record.wall, event=event)
