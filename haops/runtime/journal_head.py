"""The small file beside a journal that says how far it had come: a hint against a tail that was lost or cut.

Rewritten after each barrier and never synced, so it is never ahead of the truth. Owns that file. Must never be needed:
one that is missing or unreadable is only reported.
"""

import os
import re
from dataclasses import dataclass

from haops.runtime import private_files

NAME = "head"
_FORM = re.compile(rb"haops-head-v1 (\d{16}) ([0-9a-f]{64}) (\d{16})\n")


@dataclass(frozen=True, slots=True)
class Head:
    """The number and hash of the last record that was durable."""

    seq: int
    hash: str


def open_head(directory: int) -> int:
    """Return a descriptor to write the hint to."""
    return private_files.open_file(directory, NAME, os.O_RDWR | os.O_CREAT)


def write_head(descriptor: int, head: Head) -> None:
    """Rewrite the hint in place with one write of always the same length."""
    # Never synced: it would double the cost of a barrier, and a hint that is behind does no harm.
    os.pwrite(descriptor, f"haops-head-v1 {head.seq:016} {head.hash} {head.seq:016}\n".encode(), 0)


def read_head(directory: int) -> Head | None:
    """Return the hint, or None if there is none that can be read. Raises OSError for what is no plain file."""
    try:
        descriptor = private_files.open_to_read(directory, NAME)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(200)
    match = _FORM.fullmatch(content)
    # The number stands at both ends, so that half an old and half a new hint are not taken for one.
    return Head(int(match[1]), match[2].decode()) if match and match[1] == match[3] else None
