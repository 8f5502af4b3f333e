"""Output too large for records: one file per content, named by its SHA-256.

Owns the directory `blobs` of a journal. Must never hand out a blob that was not checked against its name.
"""

import errno
import hashlib
import os
import re

from haops.errors import JournalDamaged
from haops.runtime import private_files
from haops.runtime.failpoints import reach

DIRECTORY = "blobs"
MAX_BYTES = 128 * 1024 * 1024
"""Twice the longest answer that a connector hands on."""
_NAME = re.compile(r"[0-9a-f]{64}")


def store_blob(directory: int, content: bytes) -> str:
    """Keep the content, durably, under its SHA-256 and return that. Raises OSError.

    `directory` is the descriptor of the blobs' directory. One that is there already and right is left alone.
    """
    name = hashlib.sha256(content).hexdigest()
    if not _is_right(directory, name):
        reach("blob.before-write")
        private_files.write_new_file(directory, name, content)
        reach("blob.after-write")
    return name


def load_blob(journal: int, name: str) -> bytes:
    """Return a blob's content, checked. `journal` is the descriptor of the journal's directory.

    Raises JournalDamaged if it is missing, cannot be read, or is not what its name says.
    """
    if not _NAME.fullmatch(name):
        raise JournalDamaged(f"{name[:80]!r} is not the name of a blob")
    try:
        content = _read(journal, f"{DIRECTORY}/{name}")
    except OSError as error:
        raise JournalDamaged(f"the output {name[:16]}… cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != name:
        raise JournalDamaged(f"the output {name[:16]}… was changed: it does not have the hash in its name")
    return content


def _is_right(directory: int, name: str) -> bool:
    """Whether the blob is there with the content that its name says."""
    try:
        return hashlib.sha256(_read(directory, name)).hexdigest() == name
    except OSError:
        return False


def _read(directory: int, name: str) -> bytes:
    """Return a file's content. OSError for one that is larger than anything that is ever kept."""
    with os.fdopen(private_files.open_to_read(directory, name), "rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        # Looked at before it is read: a journal from elsewhere may hold anything.
        if size_bytes > MAX_BYTES:
            raise OSError(errno.EFBIG, f"it has {size_bytes} bytes, more than any output that is kept")
        return file.read(MAX_BYTES)
