"""The lab's network as seen without a lab."""

import subprocess
from pathlib import Path

import pytest

from haops.errors import LabError
from haops.lab import network


def test_the_network_of_a_process_that_is_gone_is_a_lab_error() -> None:
    """A host whose first process has ended is said to be gone, and no descriptor stays open for it."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    with pytest.raises(LabError, match=f"process {gone.pid}"):
        network.dropped_addresses(gone.pid)
    assert len(list(descriptors.iterdir())) == before
