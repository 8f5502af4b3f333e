"""The Go modules that the lab's programs are built from: a go.mod and a go.sum per project.

Owns those in `gomod`, which are for the pinned versions, and how they are made for any other. Must never build.
"""

import json
import re
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from haops.lab.catalogue import PINNED_VERSIONS, PROGRAMS, Origin
from haops.lab.install.toolchain import Toolchain

# As in the go.mod of Kubernetes 1.36: a module may not ask for an older Go than those that it requires.
_GO_VERSION = "1.26.0"
_UNRELEASED = re.compile(r"^\s*(k8s\.io/\S+) v0\.0\.0$", re.MULTILINE)
# Go may write go.mod and go.sum only while they are made.
_WRITABLE = {"GOFLAGS": "-mod=mod"}


def is_carried(origin: Origin, version: str) -> bool:
    """Whether haops carries the module for that version."""
    return version == PINNED_VERSIONS[origin]


def copy_module(origin: Origin, directory: Path) -> None:
    """Put the module for the pinned version into a directory."""
    carried = resources.files("haops.lab.install") / "gomod" / origin
    for name in ("go.mod", "go.sum"):
        with resources.as_file(carried / name) as path:
            shutil.copyfile(path, directory / name)


def resolve_module(origin: Origin, version: str, directory: Path, toolchain: Toolchain) -> None:
    """Write a go.mod for any version into a directory, and let Go complete it. Raises LabError."""
    packages = [program.go_package for program in PROGRAMS.values() if program.origin is origin]
    replacements: list[str] = []
    if origin is Origin.KUBERNETES:
        requirements = [f"k8s.io/kubernetes v{version}"]
        replacements = _kubernetes_replacements(version, directory, toolchain)
    else:
        requirements = [f"{package} v{version}" for package in packages]
    (directory / "tools.go").write_text(_tools_source(packages), "utf-8")
    (directory / "go.mod").write_text(_module_text(origin, requirements, replacements), "utf-8")
    toolchain.run("mod", "tidy", directory=directory, subject=f"{origin} {version}", settings=_WRITABLE)


def _kubernetes_replacements(version: str, directory: Path, toolchain: Toolchain) -> list[str]:
    """Return the releases that must stand for each v0.0.0 in the go.mod of Kubernetes itself."""
    (directory / "go.mod").write_text(_module_text(Origin.KUBERNETES, [], []), "utf-8")
    wanted = f"k8s.io/kubernetes@v{version}"
    told = toolchain.run("mod", "download", "-json", wanted, directory=directory, subject=wanted, settings=_WRITABLE)
    own_text = Path(json.loads(told)["GoMod"]).read_text("utf-8")
    # The staging repositories of Kubernetes 1.x.y are released as 0.x.y.
    staged = f"v0.{version.partition('.')[2]}"
    return [f"{name} => {name} {staged}" for name in _UNRELEASED.findall(own_text)]


def _module_text(origin: Origin, requirements: Sequence[str], replacements: Sequence[str]) -> str:
    """Return a go.mod."""
    # .invalid is reserved (RFC 2606): nobody can publish a module of that name.
    lines = [f"module haops.invalid/{origin}", f"go {_GO_VERSION}"]
    lines += [f"require {requirement}" for requirement in requirements]
    lines += [f"replace {replacement}" for replacement in replacements]
    return "\n".join([*lines, ""])


def _tools_source(packages: Sequence[str]) -> str:
    """Return a Go file that imports the programs, so that `go mod tidy` keeps what they need."""
    imports = "".join(f'\t_ "{package}"\n' for package in packages)
    return f"//go:build tools\n\npackage tools\n\nimport (\n{imports})\n"
