"""Putting a journal's torn end aside after a crash, so that the session can go on.

Owns the directory `quarantine`. Must never drop a byte that it has not copied there durably, and never touch a journal
whose kept records were changed: that is damage, and a person decides.
"""

import hashlib
import os

from haops.core.events import JournalRecovered
from haops.runtime import private_files
from haops.runtime.failpoints import reach
from haops.runtime.journal_reader import BATCH_BYTES, JournalScan
from haops.runtime.journal_segment import Segment

QUARANTINE = "quarantine"


def cut_torn_tail(directory: int, segment: Segment, scan: JournalScan) -> JournalRecovered | None:
    """Move the bytes behind the last good record to quarantine; return the event that tells it.

    None if nothing stands there. Raises OSError.
    """
    tail = segment.read_tail(BATCH_BYTES)
    if not tail:
        return None
    digest = hashlib.sha256(tail).hexdigest()
    name = f"{scan.segment}.{scan.end:08}.{digest[:16]}"
    # Kept before it is cut: a crash in between leaves both, never neither.
    _put_aside(directory, name, tail)
    reach("recovery.before-cut")
    segment.cut()
    reach("recovery.after-cut")
    return JournalRecovered(segment=scan.segment, offset=scan.end, length=len(tail), sha256=digest, kept_as=name)


def what_was_put_aside(recovered: JournalRecovered) -> str:
    """Return what the operator is told of a torn end."""
    kept = f"{recovered.length} bytes are kept in {QUARANTINE}/{recovered.kept_as}"
    return f"the journal's last record was unfinished, as a crash leaves it: {kept}"


def _put_aside(directory: int, name: str, tail: bytes) -> None:
    """Keep the bytes durably."""
    quarantine = private_files.open_subdirectory(directory, QUARANTINE, create=True)
    try:
        reach("recovery.before-quarantine")
        private_files.write_new_file(quarantine, name, tail)
    finally:
        os.close(quarantine)
