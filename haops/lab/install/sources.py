"""Where a program can come from: official releases, Go modules, or a directory. Each yields one checked file.

Owns the protocol, and the two sources that only copy. Must never put anything into the cache: `install` does.
"""

import re
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from haops.errors import EnvironmentLacks, ProgramMissing, RemoteFailed
from haops.lab.architecture import RELEASED, architecture
from haops.lab.catalogue import Origin, Program
from haops.lab.install.download import OTHER_WAYS, download, fetch_text
from haops.lab.install.progress import Progress
from haops.lab.places import inspect_program

OFFICIAL_BASES: Mapping[Origin, str] = {
    Origin.KUBERNETES: "https://dl.k8s.io",
    Origin.ETCD: "https://github.com/etcd-io/etcd/releases/download",
}
# The bounds keep it from matching a part of a longer sum.
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


class Source(Protocol):
    """One way to get programs."""

    activity: str
    """What it does, for the progress: "downloading", "building", "copying"."""

    def fetch(self, program: Program, version: str, staging: Path, progress: Progress) -> tuple[Path, str]:
        """Put the program into the staging directory. Return its path and how it was got, in words."""


class Releases:
    """The official releases, with the checksums that are published beside them. A mirror replaces both projects' bases.

    `partial` is where unfinished downloads wait for the next run.
    """

    activity = "downloading"

    def __init__(self, partial: Path, mirror: str | None = None) -> None:
        self._partial = partial
        self._bases = dict.fromkeys(Origin, mirror.rstrip("/")) if mirror else OFFICIAL_BASES
        self._archives: dict[str, tuple[Path, str]] = {}

    def fetch(self, program: Program, version: str, staging: Path, progress: Progress) -> tuple[Path, str]:
        """Download and check. Raises a ConnectorError, which says how else the programs can be got."""
        target = staging / program.name
        if program.origin is Origin.KUBERNETES:
            url = f"{self._bases[program.origin]}/release/v{version}/bin/linux/{_released()}/{program.name}"
            self._download(url, _only_checksum(f"{url}.sha256"), target, program.name, progress)
            return target, f"downloaded from {url}"
        archive, url = self._etcd_archive(version, staging, program.name, progress)
        _take_from_archive(archive, program.name, target, url)
        return target, f"downloaded in {url}"

    def _etcd_archive(self, version: str, staging: Path, name: str, progress: Progress) -> tuple[Path, str]:
        """Return etcd's release archive and its URL; one download serves all of its programs."""
        if version not in self._archives:
            base = f"{self._bases[Origin.ETCD]}/v{version}"
            archive = f"etcd-v{version}-linux-{_released()}.tar.gz"
            sha256 = _listed_checksum(f"{base}/SHA256SUMS", archive)
            self._download(f"{base}/{archive}", sha256, staging / archive, name, progress)
            self._archives[version] = staging / archive, f"{base}/{archive}"
        return self._archives[version]

    def _download(self, url: str, sha256: str, target: Path, name: str, progress: Progress) -> None:
        """Download one file, telling the progress under the program's name."""

        def listener(done_bytes: int, total_bytes: int | None) -> None:
            """Tell the download's progress."""
            progress.advanced(name, done_bytes, total_bytes)

        download(url, target, sha256=sha256, partial=self._partial, listener=listener)


class Directory:
    """Programs that are on this machine already."""

    activity = "copying"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fetch(self, program: Program, version: str, staging: Path, progress: Progress) -> tuple[Path, str]:
        """Copy the program. Raises ProgramMissing if it is not there; its version is checked by whoever admits it."""
        path = self._directory / program.name
        if not path.is_file():
            remedy = f"--from the directory that holds {program.name} itself"
            raise ProgramMissing(f"there is no {program.name} {version}", where=str(self._directory), remedy=remedy)
        target = staging / program.name
        shutil.copyfile(path, target)
        progress.advanced(program.name, target.stat().st_size, target.stat().st_size)
        return target, f"copied from {path}"


def check_program(program: Program, path: Path, version: str, origin: str) -> None:
    """Run a fetched program. Raises RemoteFailed unless it is a program of that version."""
    path.chmod(0o755)
    seen = inspect_program(program, path, "staging")
    if seen.refused:
        raise RemoteFailed(f"{program.name} {seen.refused}", where=origin, remedy=OTHER_WAYS)
    if seen.version != version:
        what = f"{program.name} says that it is {seen.version}, {version} was asked for"
        remedy = f"`--{program.origin}-version {seen.version}`, or another source"
        raise RemoteFailed(what, where=origin, remedy=remedy)


def _released() -> str:
    """Return this machine's name in release file names. Raises EnvironmentLacks if there are no releases for it."""
    name = architecture()
    if name not in RELEASED.values():
        raise EnvironmentLacks(f"there are no official releases for {name}", remedy="`haops lab install --build`")
    return name


def _only_checksum(url: str) -> str:
    """Return the checksum in a file that holds nothing else."""
    return _checksum(fetch_text(url), url)


def _listed_checksum(url: str, name: str) -> str:
    """Return a file's checksum from a list in sha256sum's form."""
    # sha256sum puts a star before a name that it read as binary.
    lines = [line for line in fetch_text(url).splitlines() if line.split()[1:] in ([name], [f"*{name}"])]
    return _checksum(lines[0] if lines else "", url)


def _checksum(text: str, url: str) -> str:
    """Return the SHA-256 in a text."""
    match = _SHA256.search(text)
    if match is None:
        raise RemoteFailed("no checksum was found there", where=url, remedy=OTHER_WAYS)
    return match.group()


def _take_from_archive(archive: Path, name: str, target: Path, url: str) -> None:
    """Copy one program out of a release archive; nothing else in it is unpacked."""
    try:
        with tarfile.open(archive) as opened:
            # A link of that name is not followed: it could point anywhere.
            found = next((member for member in opened if member.isfile() and Path(member.name).name == name), None)
            content = opened.extractfile(found) if found else None
            if content is None:
                raise RemoteFailed(f"there is no {name} in it", where=url, remedy=OTHER_WAYS)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
    except tarfile.TarError as error:
        raise RemoteFailed(f"it is not a readable archive ({error})", where=url, remedy=OTHER_WAYS) from error
