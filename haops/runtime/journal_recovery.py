"""Putting a journal's torn end aside after a crash, so that the session can go on.

Owns the directory `quarantine`. Must never drop a byte that it has not copied there durably, and never touch a journal
whose kept records were changed: that is damage, and a person decides.
"""

import hashlib
import os
from typing import Any

from haops.runtime import private_files
from haops.runtime.failpoints import reach
from haops.runtime.journal_reader import BATCH_BYTES, JournalScan
from haops.runtime.journal_segment import Segment

QUARANTINE = "quarantine"
RECORD_TYPE = "journal.recovered"


def cut_torn_tail(directory: int, segment: Segment, scan: JournalScan) -> dict[str, Any] | None:
    """Move the bytes behind the last good record to quarantine; return the body of the record that tells it.

    None if nothing stands there. Raises OSError.
    """
    tail = segment.read_tail(BATCH_BYTES)
    if not tail:
        return None
    digest = hashlib.sha256(tail).hexdigest()
    name = f"{scan.segment}.{scan.end:08}.{digest[:16]}"
    _put_aside(directory, name, tail)
    reach("recovery.before-cut")
    segment.cut()
    reach("recovery.after-cut")
    return {"segment": scan.segment, "offset": scan.end, "length": len(tail), "sha256": digest, "kept_as": name}


def _put_aside(directory: int, name: str, tail: bytes) -> None:
    """Keep the bytes durably."""
    quarantine = private_files.open_subdirectory(directory, QUARANTINE, create=True)
    try:
        reach("recovery.before-quarantine")
        private_files.write_new_file(quarantine, name, tail)
    finally:
        os.close(quarantine)
