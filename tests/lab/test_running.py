"""Records of labs, without a lab."""

import subprocess
from pathlib import Path

import pytest

from haops.lab import running


def test_a_lab_whose_top_process_died_before_it_was_recorded_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record names no process that lives: it is not listed, and its directory goes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    directory = running.create_directory()
    assert not running.record(directory, "etcd", gone.pid).is_alive
    assert not running.running_labs()
    assert not directory.exists()
