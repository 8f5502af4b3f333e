"""The install itself: what is not in the cache yet is fetched, run once, and admitted, one program after the other.

Owns the order and the errors of the disk. Must never draw, and never leave anything behind but complete programs and
downloads that can be continued.
"""

import errno
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from haops.errors import EnvironmentLacks
from haops.lab.catalogue import PINNED_VERSIONS, PROGRAMS, Origin, Program
from haops.lab.install.progress import Progress
from haops.lab.install.sources import Source, check_program
from haops.lab.program_cache import CachedProgram, ProgramCache

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def install(
    names: Sequence[str],
    open_source: Callable[[], Source],
    progress: Progress,
    *,
    versions: Mapping[Origin, str] = PINNED_VERSIONS,
    cache: ProgramCache | None = None,
) -> list[CachedProgram]:
    """Return the programs, all in the cache at those versions; what is there already is left alone.

    `open_source` is called only if something is missing. Raises HaopsError; a rerun goes on where this one stopped.
    """
    cache = cache or ProgramCache()
    with _disk_errors(cache), cache.locked():
        # Looked for under the lock: another install may just have brought them.
        missing = [name for name in names if not cache.find(name, versions[PROGRAMS[name].origin])]
        if missing:
            source = open_source()
            with cache.staging() as staging:
                for name in missing:
                    program = PROGRAMS[name]
                    version = versions[program.origin]
                    _install_one(program, version, source, staging=staging, cache=cache, progress=progress)
        found = [cache.find(name, versions[PROGRAMS[name].origin]) for name in names]
    return [program for program in found if program]


def _install_one(
    program: Program, version: str, source: Source, *, staging: Path, cache: ProgramCache, progress: Progress
) -> None:
    """Fetch one program, see it run, and take it into the cache."""
    began_at = time.monotonic()
    progress.began(program.name, source.activity)
    staged, got = source.fetch(program, version, staging, progress)
    check_program(program, staged, version, got)
    admitted = cache.admit(staged, name=program.name, version=version, got=got)
    duration_s = time.monotonic() - began_at
    progress.ended(program.name, duration_s=duration_s, size_bytes=admitted.record.size_bytes, note=got)


@contextmanager
def _disk_errors(cache: ProgramCache) -> Iterator[None]:
    """Say in one sentence what the file system refused."""
    try:
        yield
    except OSError as error:
        where = str(error.filename or cache.programs)
        if error.errno in _DISK_FULL:
            remedy = "make room (all programs take 0.6 GB), or name another disk in XDG_CACHE_HOME; then run it again"
            raise EnvironmentLacks(
                "the disk is full; nothing was half-installed", where=where, remedy=remedy
            ) from error
        remedy = "XDG_CACHE_HOME names another place for haops's cache"
        raise EnvironmentLacks(
            f"haops's cache cannot be used ({error.strerror or error})", where=where, remedy=remedy
        ) from error
