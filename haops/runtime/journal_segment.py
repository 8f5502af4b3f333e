"""One segment of a journal on disk: whole lines appended, made durable, and room kept ahead of them.

Owns the bytes of the newest segment. Must never write into what stands there already, and must never try again on a
descriptor after a write or a sync failed: what the kernel then holds is unknown. Raises OSError.
"""

import ctypes
import errno
import math
import os
import re
import resource
from contextlib import suppress
from pathlib import Path

from haops.runtime import private_files
from haops.runtime.failpoints import reach

LIMIT_BYTES = 64 * 1024 * 1024
"""A new segment begins before this is passed."""
RESERVE_BYTES = 4 * 1024 * 1024
"""Disk space kept ahead of the records; taking it in one piece also makes each sync cheaper."""
ENOUGH_BYTES = 512 * 1024
"""With less than this ahead nothing new begins, so that a running step's outcome fits on a full disk."""

_NAME = re.compile(r"[0-9]{6}\.hj")
# FALLOC_FL_KEEP_SIZE: 65,536 of 65,536 bytes that were reserved so could be written on a full disk.
_KEEP_SIZE = 1
_NOT_SUPPORTED = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


class Segment:
    """An open segment whose last record ends at `end` (bytes)."""

    def __init__(self, path: Path, descriptor: int, end: int) -> None:
        self.path = path
        self.end = end
        self._descriptor = descriptor
        self._reserved_to = 0
        status = os.fstat(descriptor)
        self._identity = (status.st_dev, status.st_ino)
        self._place = str(path)

    @classmethod
    def create(cls, directory: int, path: Path, number: int) -> "Segment":
        """Begin a new segment; its name is durable when this returns."""
        name = name_of(number)
        descriptor = private_files.open_file(directory, name, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        reach("journal.before-directory-sync")
        # Else the file may be there after a power cut and its name not.
        os.fsync(directory)
        return cls(path / name, descriptor, 0)

    @classmethod
    def reopen(cls, directory: int, path: Path, name: str, end: int) -> "Segment":
        """Go on behind the last good record of a segment."""
        descriptor = private_files.open_file(directory, name, os.O_RDWR)
        return cls(path / name, descriptor, end)

    @property
    def number(self) -> int:
        """The segment's place in the order; the first is 1."""
        return int(self.path.stem)

    def has_room_for(self, line: bytes) -> bool:
        """Whether the line still belongs into this segment (a first one always does)."""
        return self.end == 0 or self.end + len(line) <= LIMIT_BYTES

    def append(self, line: bytes) -> None:
        """Write a whole line behind the last one; if that fails, what was written of it is cut off again."""
        reach("journal.before-write")
        written = 0
        try:
            while written < len(line):
                # A full tmpfs was seen to take 4,096 of 10,000 bytes and to report no error.
                written += os.pwrite(self._descriptor, line[written:], self.end + written)
        except OSError:
            # A half line would be taken for a torn end, and what follows it for damage.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.end)
            raise
        self.end += len(line)
        reach("journal.after-write")

    def sync(self) -> None:
        """Make everything written so far durable."""
        reach("journal.before-sync")
        # The size is metadata that fdatasync does write; times are not needed.
        os.fdatasync(self._descriptor)
        reach("journal.after-sync")

    def check_in_place(self) -> None:
        """Raise OSError if the file is no longer the one under its name, or was changed by someone else."""
        there = os.lstat(self._place)
        if (there.st_dev, there.st_ino) != self._identity:
            raise OSError(errno.ESTALE, "the file was replaced or moved while it was being written")
        if there.st_size != self.end:
            raise OSError(errno.ESTALE, f"the file has {there.st_size} bytes where {self.end} were written")

    def keep_reserve(self) -> bool:
        """Keep room ahead; whether there is enough of it to begin something new."""
        if self._reserved_to - self.end >= ENOUGH_BYTES:
            return True
        return self._reserve(RESERVE_BYTES) or self._reserve(ENOUGH_BYTES)

    def _reserve(self, size: int) -> bool:
        """Take this much room behind the last record; whether it is there."""
        if self.end + size > _largest_file():
            return False
        try:
            _allocate(self._descriptor, self.end, size)
        except OSError as error:
            return error.errno in _NOT_SUPPORTED and _free_bytes(self._descriptor) >= size
        self._reserved_to = self.end + size
        return True

    def read_tail(self, limit: int) -> bytes:
        """Return at most `limit` bytes that stand behind the last good record."""
        return os.pread(self._descriptor, limit, self.end)

    def cut(self) -> None:
        """Drop what stands behind the last good record, durably. The caller has put it aside before."""
        os.ftruncate(self._descriptor, self.end)
        os.fsync(self._descriptor)

    def close(self, *, give_back: bool) -> None:
        """Close the file; `give_back` frees the room kept ahead, unless someone else has written there."""
        try:
            if give_back:
                self.check_in_place()
                os.ftruncate(self._descriptor, self.end)
        finally:
            os.close(self._descriptor)


def name_of(number: int) -> str:
    """Return the file name of a segment; the first is number 1."""
    return f"{number:06}.hj"


def list_segments(directory: int) -> list[str]:
    """Return the names of a journal's segments in their order."""
    # Six digits each: the order of the names is the order of the segments.
    return sorted(name for name in os.listdir(directory) if _NAME.fullmatch(name))


def _allocate(descriptor: int, offset: int, size: int) -> None:
    """Reserve disk blocks beyond the end of a file without moving its end. Raises OSError."""
    # os.posix_fallocate has no such flag: it makes the file longer.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(descriptor, _KEEP_SIZE, ctypes.c_int64(offset), ctypes.c_int64(size)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _free_bytes(descriptor: int) -> int:
    """Return what this user may still write on the file system."""
    status = os.fstatvfs(descriptor)
    return status.f_bavail * status.f_frsize


def _largest_file() -> float:
    """Return the size to which this process may let a file grow; the kernel does not look at it when reserving."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return math.inf if limit == resource.RLIM_INFINITY else limit
