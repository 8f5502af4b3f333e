import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from journals import StandingClock, first_segment

from haops.runtime import journal_segment
from haops.runtime.journal_file import JournalWriter, State, read_journal

if TYPE_CHECKING:
    from haops.formats.journal_record import Record


class Journal(RuleBasedStateMachine):
    """A journal against a list: whatever is appended, crashed, torn and resumed, the list is what is read."""

    @initialize()
    def begin(self) -> None:
        """Begin a journal with very small segments."""
        self.place = Path(tempfile.mkdtemp())
        self.directory = self.place / "s-1"
        self.limit, journal_segment.LIMIT_BYTES = journal_segment.LIMIT_BYTES, 1500
        self.writer: JournalWriter | None = JournalWriter.create(self.directory, "s-1", StandingClock())
        self.model: list[Record] = []

    @precondition(lambda self: self.writer)
    @rule(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300), barrier=st.booleans())
    def append(self, text: str, *, barrier: bool) -> None:
        """Append a record."""
        assert self.writer
        self.model.append(self.writer.append("note.added", {"text": text}, actor="ops", barrier=barrier))

    @precondition(lambda self: self.writer)
    @rule()
    def close(self) -> None:
        """Close as one does."""
        assert self.writer
        self.writer.close()
        self.writer = None

    @precondition(lambda self: self.writer)
    @rule(tail=st.binary(max_size=200).filter(lambda tail: b"H1 " not in tail))
    def crash(self, tail: bytes) -> None:
        """Drop everything without a word, with some bytes of an unfinished record behind the last one."""
        assert self.writer
        self.writer._ended.set()
        self.writer._streaming.set()
        if self.writer._syncer:
            self.writer._syncer.join()
        segment = self.writer._segment.path
        self.writer._let_go(healthy=False)
        self.writer = None
        with segment.open("ab") as file:
            file.write(tail)

    @precondition(lambda self: not self.writer)
    @rule()
    def resume(self) -> None:
        """Go on; a recovery is one more record."""
        self.writer, records = JournalWriter.resume(self.directory, StandingClock())
        added = list(records[len(self.model) :])
        assert [record.type for record in added] in ([], ["journal.recovered"])
        self.model += added

    @invariant()
    def reads_as_the_model(self) -> None:
        """What is read is the list."""
        if hasattr(self, "model"):
            scan = read_journal(self.directory)
            assert list(scan.records) == self.model
            assert scan.state is State.CLEAN or (self.writer is None and scan.state is State.TORN)

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "model"):
            journal_segment.LIMIT_BYTES = self.limit
            if self.writer:
                self.writer.close()
            assert first_segment(self.directory).exists()
            shutil.rmtree(self.place)


TestJournal = Journal.TestCase
TestJournal.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
