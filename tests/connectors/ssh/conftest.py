"""A real sshd for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sshd


@pytest.fixture
def server(tmp_path: Path) -> Iterator[sshd.Sshd]:
    """A running OpenSSH server; the test is skipped where there is none."""
    if sshd.PROGRAM is None:
        pytest.skip(sshd.MISSING)
    with sshd.running_sshd(tmp_path / "sshd") as running:
        yield running
