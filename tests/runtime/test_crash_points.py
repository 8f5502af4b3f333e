"""haops is killed at every named point of a session; the session goes on and no effect happens twice."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from haops.runtime.journal_reader import State, verify_journal

INVENTORY = """\
apiVersion: haops/v1
kind: Inventory
cluster: bastion
layout: systemd
hosts: [{name: unused, address: 127.0.0.1, roles: [worker]}]
"""

STEP = """\
  - id: {id}
    title: Note that it happened
    needs: [{needs}]
    risk: change
    irreversible: A line stays written.
    local: |
      set -eu
      echo "$HAOPS_STEP" >>"{effects}"
    timeout: 20s
"""

POINTS = [
    f"{when}-{event}"
    for event in (
        "runbook.chosen",
        "step.offered",
        "step.confirmed",
        "attempt.intended",
        "attempt.dispatched",
        "attempt.accepted",
        "attempt.ended",
    )
    for when in ("before", "after")
]


def session(directory: Path, *arguments: str, failpoint: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the session program."""
    environment = os.environ | {
        "XDG_STATE_HOME": str(directory / "state"),
        "HAOPS_TEST": "1",
        "HAOPS_FAILPOINT": failpoint,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    program = str(Path(__file__).with_name("crashing_session.py"))
    return subprocess.run(
        [sys.executable, program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_it_goes_on_and_nothing_happens_twice(tmp_path: Path, point: str) -> None:
    """Intent before effect, resume at the exact step: three steps, each effect exactly once, whenever haops died."""
    effects = tmp_path / "effects"
    ids = ["one", "two", "three"]
    steps = [STEP.format(id=i, needs=n, effects=effects) for i, n in zip(ids, ["", "one", "two"], strict=True)]
    runbook = tmp_path / "steps.yaml"
    head = "apiVersion: haops/v1\nkind: Runbook\nname: steps\ntitle: Steps\nsummary: Three steps.\nsteps:\n"
    runbook.write_text(head + "".join(steps))
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    first = session(tmp_path, str(tmp_path / "inventory.yaml"), str(runbook), failpoint=f"{point}:kill")
    assert first.returncode == -9, first.stderr
    journal = first.stdout.strip()
    if point == "before-runbook.chosen":
        second = session(tmp_path, str(tmp_path / "inventory.yaml"), str(runbook))
        journal = second.stdout.strip()
    else:
        second = session(tmp_path, "--resume", journal)
    assert second.returncode == 0, second.stderr
    assert Counter(effects.read_text().split()) == Counter(ids)
    assert verify_journal(Path(journal)).state is State.CLEAN
