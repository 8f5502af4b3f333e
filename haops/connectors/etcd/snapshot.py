"""A snapshot on this machine's disk: whole, verified and durable, or not there at all.

Owns how the stream becomes a file. etcd appends a SHA-256 over everything before it; a stream that was cut, or a byte
that was changed on its way, shows there and nowhere else. Must never leave a file that could be taken for a backup.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from haops.errors import ConnectorError, RemoteFailed

_DIGEST_BYTES = hashlib.sha256().digest_size
# etcd's own test for a checksum at the end: a database is whole sectors.
_SECTOR_BYTES = 512


def save(chunks: Iterable[bytes], path: str, *, where: str) -> int:
    """Write the stream to `path` (mode 0600) and return its size in bytes.

    Raises RemoteFailed if the checksum does not fit, ConnectorError if this machine's disk does not take it, and
    whatever the stream raises; an older file at `path` is then still there.
    """
    partial = Path(path).with_name(f".{Path(path).name}.partial")
    try:
        with _created(partial) as file:
            size_bytes = _write_verified(chunks, file, where)
            os.fsync(file.fileno())
        # Only a whole, durable file gets the name: after a power cut it would be taken for a backup.
        partial.replace(path)
        _sync_directory(Path(path).parent)
    except OSError as error:
        message = f"snapshot not written: {error.strerror}"
        raise ConnectorError(message, where=path, remedy="free space or choose another place") from None
    finally:
        partial.unlink(missing_ok=True)
    return size_bytes


def _write_verified(chunks: Iterable[bytes], file: BinaryIO, where: str) -> int:
    """Write the stream and return its size; RemoteFailed unless it ends with the SHA-256 of what came before."""
    digest = hashlib.sha256()
    size_bytes = 0
    tail = b""
    for chunk in chunks:
        file.write(chunk)
        size_bytes += len(chunk)
        # The last 32 bytes are only known to be the last when the stream ends.
        held = tail + chunk
        digest.update(held[:-_DIGEST_BYTES])
        tail = held[-_DIGEST_BYTES:]
    file.flush()
    if size_bytes % _SECTOR_BYTES != _DIGEST_BYTES:
        raise RemoteFailed("snapshot is cut short", where=where, remedy="take it again")
    if digest.digest() != tail:
        raise RemoteFailed("snapshot does not match its checksum", where=where, remedy="take it again")
    return size_bytes


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file that only its owner may read, in place of what an earlier attempt left."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _sync_directory(path: Path) -> None:
    """Make the file's name durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
