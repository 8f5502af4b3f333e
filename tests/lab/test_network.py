"""The lab's network as seen without a lab."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from haops.errors import LabError
from haops.lab import network


def test_the_network_of_a_process_that_is_gone_is_a_lab_error() -> None:
    """A host whose first process has ended is said to be gone, and no descriptor stays open for it."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    before = open_files()
    with pytest.raises(LabError, match=f"process {gone.pid}"):
        network.dropped_addresses(gone.pid)
    assert open_files() - before == set()


def open_files() -> set[str]:
    """Return what this process has open. What earlier tests have left may be closed at any moment."""
    opened = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            opened.add(str(descriptor.readlink()))
    return opened
