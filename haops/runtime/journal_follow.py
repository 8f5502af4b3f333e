"""Watching a journal while it is being written: each record once, as soon as it stands there.

Must never lock or write, and never be in the writer's way.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from haops.errors import JournalDamaged
from haops.formats.journal_record import BadLine, Chain, Record
from haops.runtime.journal_lock import find_writer
from haops.runtime.journal_reader import MAX_LINE_BYTES, directory_of, open_journal
from haops.runtime.journal_segment import name_of
from haops.runtime.private_files import open_to_read

INTERVAL_S = 0.2
CLOSED = "session.closed"


def follow_journal(path: Path, *, interval_s: float = INTERVAL_S) -> Iterator[Record]:
    """Yield every record from the first on, and then each new one; ends when the session is closed and let go of.

    Raises JournalDamaged at a record that does not verify, JournalError if there is no journal.
    """
    directory = open_journal(path)
    try:
        yield from _follow(directory, directory_of(path), interval_s)
    finally:
        os.close(directory)


def _follow(directory: int, path: Path, interval_s: float) -> Iterator[Record]:
    """Yield the records of all segments in turn, waiting for more at the end."""
    chain = Chain()
    number, offset = 1, 0
    closed = False
    while True:
        # Asked before the lines are read: what is written in between belongs to this segment.
        following = _exists(directory, number + 1)
        for line in _whole_lines(directory, number, offset):
            offset += len(line)
            record = _take(chain, line, path)
            # Not only of the last record: measurements, notes and the operator's leaving follow.
            closed = closed or record.type == CLOSED
            yield record
        if following:
            number, offset = number + 1, 0
        elif closed and find_writer(directory) is None:
            return
        else:
            time.sleep(interval_s)


def _whole_lines(directory: int, number: int, offset: int) -> Iterator[bytes]:
    """Yield the lines of a segment from an offset on, as far as they are finished."""
    with os.fdopen(open_to_read(directory, name_of(number)), "rb") as file:
        file.seek(offset)
        while line := file.readline(MAX_LINE_BYTES):
            # The writer is in the middle of it; the next look finds it whole.
            if not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
                return
            yield line


def _take(chain: Chain, line: bytes, path: Path) -> Record:
    """Return the line's record. Raises JournalDamaged."""
    try:
        return chain.take(line)
    except BadLine as problem:
        raise JournalDamaged(
            f"record {chain.next_seq}: {problem}", where=str(path), remedy="`haops journal verify`"
        ) from None


def _exists(directory: int, number: int) -> bool:
    """Whether the segment is there."""
    try:
        os.stat(name_of(number), dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
