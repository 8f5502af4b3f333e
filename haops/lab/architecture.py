"""What this machine's processor is called by Kubernetes and in the names of release files: as Go calls it."""

import platform
from collections.abc import Mapping

RELEASED: Mapping[str, str] = {"x86_64": "amd64", "aarch64": "arm64", "ppc64le": "ppc64le", "s390x": "s390x"}
"""Go's names by Linux's, for those that etcd and Kubernetes both publish programs for."""


def architecture() -> str:
    """Return Go's name of it; Linux's own where nothing is released, which is nearly always the same."""
    machine = platform.machine()
    return RELEASED.get(machine, machine)
