"""haops's cache of programs: `$XDG_CACHE_HOME/haops/programs/<program>-<version>/` with the program and its record.

Owns the layout and the one way in: a staged directory, synced to the disk, renamed into place. Must never hold half a
program under that name, whatever dies when.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from haops.errors import LabError
from haops.lab.catalogue import PINNED_VERSIONS, PROGRAMS, version_order
from haops.runtime.paths import cache_directory

_CHUNK_BYTES = 1 << 20
_STAGING = ".staging-"


@dataclass(frozen=True, slots=True)
class Record:
    """What lies beside a cached program, as JSON. `got` says how it came here, in words."""

    name: str
    version: str
    sha256: str
    size_bytes: int
    got: str


@dataclass(frozen=True, slots=True)
class CachedProgram:
    """A program of the cache and its record."""

    path: Path
    record: Record


class ProgramCache:
    """The cached programs of one user."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or cache_directory()
        self.programs = self.root / "programs"

    def find(self, name: str, version: str) -> CachedProgram | None:
        """Return the program at that version, or None if it is not there or is not what its record says."""
        path = self.programs / f"{name}-{version}" / name
        try:
            record = Record(**json.loads(path.with_name(f"{name}.json").read_text("utf-8")))
            size_bytes = path.stat().st_size
        except (OSError, ValueError, TypeError):
            return None
        # The size alone: hashing 600 MB of programs at every start would be felt.
        matches = size_bytes == record.size_bytes and (name, version) == (record.name, record.version)
        return CachedProgram(path, record) if matches else None

    def versions(self, name: str) -> list[str]:
        """Return the versions at which a program is here: the pinned one first, then from new to old."""
        found = [path.parent.name.removeprefix(f"{name}-") for path in self.programs.glob(f"{name}-*/{name}")]
        pinned = PINNED_VERSIONS[PROGRAMS[name].origin]
        usable = [version for version in found if self.find(name, version)]
        return sorted(usable, key=lambda version: (version == pinned, version_order(version)), reverse=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other install out meanwhile, and clear away what one that was killed left. Raises LabError."""
        self.programs.mkdir(parents=True, exist_ok=True)
        # Never removed: after that two installs could hold locks on two files of one name.
        with (self.programs / ".lock").open("w") as lock:
            try:
                # Freed by the kernel when the process ends, however it ends.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                remedy = "wait for it, or end it; this one can then go on"
                raise LabError("another install is running", where=str(self.programs), remedy=remedy) from error
            for left in self.programs.glob(f"{_STAGING}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield a private directory on the cache's file system; it is gone afterwards."""
        self.programs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=self.programs, ignore_cleanup_errors=True) as path:
            yield Path(path)

    def admit(self, staged: Path, *, name: str, version: str, got: str) -> CachedProgram:
        """Take a complete, checked program over from staging and return where it is now.

        Both files and their directory are on the disk before the directory gets its name.
        """
        # Still in staging: who is killed before the last rename leaves nothing under a final name.
        directory = staged.parent / f"{name}-{version}.complete"
        directory.mkdir()
        program = staged.rename(directory / name)
        program.chmod(0o755)
        record = Record(name, version, sha256_of(program), program.stat().st_size, got)
        note = directory / f"{name}.json"
        note.write_text(json.dumps(asdict(record), indent=1), "utf-8")
        for path in (program, note, directory):
            _sync(path)
        self._put_in_place(directory, f"{name}-{version}")
        return CachedProgram(self.programs / f"{name}-{version}" / name, record)

    def _put_in_place(self, directory: Path, name: str) -> None:
        """Rename a complete directory to its final name; what was there and did not match its record makes room."""
        final = self.programs / name
        if final.exists():
            # A directory that is not empty cannot be renamed over.
            spoiled = final.rename(directory.with_suffix(".spoiled"))
            shutil.rmtree(spoiled, ignore_errors=True)
        directory.rename(final)
        _sync(self.programs)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Have the kernel write a file or directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
