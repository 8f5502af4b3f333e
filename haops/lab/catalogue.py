"""Which programs each flavour of the lab needs, at which version, and how each one tells its version.

Owns the one table of pinned versions. Must never look at this machine: `programs` finds, `install` gets.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from haops.errors import InputError

_RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class Origin(StrEnum):
    """The project that a program is released by; all programs of one origin must have one version."""

    KUBERNETES = "kubernetes"
    ETCD = "etcd"


PINNED_VERSIONS: Mapping[Origin, str] = {Origin.KUBERNETES: "1.36.3", Origin.ETCD: "3.6.16"}
"""What `haops lab install` gets unless told otherwise; the go.mod and go.sum in `install/gomod` are for these."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program: how it is asked for its version, and the Go package that it is built from."""

    name: str
    origin: Origin
    version_arguments: tuple[str, ...]
    go_package: str


def _kubernetes(name: str, *version_arguments: str) -> Program:
    return Program(name, Origin.KUBERNETES, version_arguments, f"k8s.io/kubernetes/cmd/{name}")


_PROGRAMS = (
    Program("etcd", Origin.ETCD, ("--version",), "go.etcd.io/etcd/server/v3"),
    Program("etcdctl", Origin.ETCD, ("version",), "go.etcd.io/etcd/etcdctl/v3"),
    Program("etcdutl", Origin.ETCD, ("version",), "go.etcd.io/etcd/etcdutl/v3"),
    _kubernetes("kube-apiserver", "--version"),
    _kubernetes("kube-controller-manager", "--version"),
    _kubernetes("kube-scheduler", "--version"),
    _kubernetes("kubeadm", "version", "-o", "short"),
    # Without --client it would ask a server for its version, too.
    _kubernetes("kubectl", "version", "--client"),
)

PROGRAMS: Mapping[str, Program] = {program.name: program for program in _PROGRAMS}

FLAVOUR_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "control-plane": tuple(PROGRAMS),
    "etcd": tuple(name for name, program in PROGRAMS.items() if program.origin is Origin.ETCD),
}
"""What each flavour needs, the most real flavour first."""


def parse_version(text: str) -> str:
    """Return a release such as `1.36.3` from what a person wrote (`v1.36.3` will do). Raises InputError."""
    match = _RELEASE.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a release", remedy=f"three numbers, such as {PINNED_VERSIONS[Origin.ETCD]}")
    return ".".join(match.groups())


def version_in(output: str) -> str | None:
    """Return the first release number in what a program printed about itself, or None."""
    match = _RELEASE.search(output)
    return ".".join(match.groups()) if match else None


def version_order(version: str) -> tuple[int, ...]:
    """Return a key that sorts releases from old to new."""
    return tuple(int(part) for part in version.split("."))
