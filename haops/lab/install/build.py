"""Builds the lab's programs from their Go modules, with nothing but a module proxy.

Owns the flags. Must never touch the cache.
"""

from pathlib import Path

from haops.lab.catalogue import Origin, Program
from haops.lab.install.modules import copy_module, is_carried, resolve_module
from haops.lab.install.progress import Progress
from haops.lab.install.toolchain import Toolchain


class Build:
    """Builds programs with one toolchain; a module directory is made once per project and version."""

    activity = "building"

    def __init__(self, toolchain: Toolchain) -> None:
        self._toolchain = toolchain
        self._modules: dict[tuple[Origin, str], Path] = {}

    def fetch(self, program: Program, version: str, staging: Path, progress: Progress) -> tuple[Path, str]:
        """Build one program. Raises LabError with the end of what Go said."""
        module = self._module(program.origin, version, staging, progress)
        target = staging / program.name
        flags = ["-trimpath", "-ldflags", linker_flags(program.origin, version), "-o", str(target)]
        # etcd needs nothing of libc; Kubernetes is built as Go's own settings say.
        settings = {"CGO_ENABLED": "0"} if program.origin is Origin.ETCD else {}
        package = program.go_package
        self._toolchain.run("build", *flags, package, directory=module, subject=program.name, settings=settings)
        return target, f"built from {package} v{version}"

    def _module(self, origin: Origin, version: str, staging: Path, progress: Progress) -> Path:
        """Return a directory with the go.mod and go.sum that give the programs of that version."""
        if (origin, version) not in self._modules:
            directory = staging / f"module-{origin}"
            directory.mkdir()
            if is_carried(origin, version):
                copy_module(origin, directory)
            else:
                progress.began(f"{origin} {version}", "resolving modules")
                resolve_module(origin, version, directory, self._toolchain)
            self._modules[origin, version] = directory
        return self._modules[origin, version]


def linker_flags(origin: Origin, version: str) -> str:
    """Return the linker's flags: no symbol tables, and for Kubernetes the version that it says it is."""
    if origin is Origin.ETCD:
        # etcd tells its version from its source; Kubernetes only from what the linker is given.
        return "-s -w"
    major, minor, _patch = version.split(".")
    variables = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(
        ["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in variables.items())]
    )
