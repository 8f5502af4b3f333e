"""Small journals for tests, made by the real writer with a clock that stands where it is put."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from haops.formats.journal_record import Chain, Entry, Record, seal
from haops.runtime.journal_file import JournalWriter

BOOT = "11111111-2222-3333-4444-555555555555"
BEGIN = datetime(2026, 11, 21, 3, 14, 7, tzinfo=UTC)


class StandingClock:
    """Moves on by a millisecond each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self) -> datetime:
        """Return the wall time."""
        self.asked += 1
        return BEGIN + timedelta(milliseconds=self.asked)

    def monotonic(self) -> float:
        """Return the monotonic time in seconds."""
        return 100.0 + self.asked / 1000

    def boot_id(self) -> str:
        """Return the boot's id."""
        return BOOT


def write_journal(directory: Path, count: int, session: str = "s-1") -> list[Record]:
    """Write a journal of so many records and close it; return them."""
    writer = JournalWriter.create(directory, session, StandingClock())
    records = [
        writer.append("note.added", {"text": f"note {number}", "operator": "ops"}, actor="ops", barrier=True)
        for number in range(1, count + 1)
    ]
    writer.close()
    return records


def first_segment(directory: Path) -> Path:
    """Return the path of the first segment."""
    return directory / "000001.hj"


def lines_of(directory: Path) -> list[bytes]:
    """Return the lines of the first segment, newlines included."""
    return first_segment(directory).read_bytes().splitlines(keepends=True)


def sealed(number: int, chain: Chain, text: str = "x") -> tuple[Record, bytes]:
    """Return a record that follows the chain, and its line, without any file."""
    entry = Entry(
        type="note.added", wall="2026-11-21T03:14:07.000000Z", mono_us=number, boot=BOOT, actor="ops",
        body={"text": text, "operator": "ops"},
    )  # fmt: skip
    return seal(entry, chain)
