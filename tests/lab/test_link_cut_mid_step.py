"""A host is taken off the network in the middle of a step: unknown, then settled by its probe, and nothing twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child

from haops.lab.lab import Lab

pytestmark = pytest.mark.slow

RUNBOOK = """\
apiVersion: haops/v1
kind: Runbook
name: slow-step
title: A slow step
summary: Long enough to lose the link in the middle.
steps:
  - id: slow
    title: Slow
    on: {name: etcd1}
    risk: change
    irreversible: A line stays written.
    ssh: |
      set -eu
      sleep 12
      echo effect >>/root/effects
    timeout: 2m
  - id: after
    title: After it
    needs: [slow]
    on: {name: etcd1}
    risk: change
    irreversible: A line stays written.
    ssh: |
      set -eu
      echo after >>/root/effects
    timeout: 1m
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """A lab in the etcd flavour."""
    with lab_child("etcd", tmp_path_factory.mktemp("lab")) as child:
        yield child


def cut_and_settle(lab: Lab, directory: str) -> tuple[list[str], str]:
    """Run the runbook by itself, cut the host off once its script runs; return the states seen and the effects."""
    import os  # noqa: PLC0415 - runs inside the lab

    os.environ["XDG_STATE_HOME"] = directory
    from haops.core import commands as cmd  # noqa: PLC0415 - as above: the lab's process must not load these before
    from haops.lab import network  # noqa: PLC0415
    from haops.runtime import library, sessions  # noqa: PLC0415
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415

    place = Path(directory) / "slow.yaml"
    place.write_text(RUNBOOK)
    runbook = library.load_runbook(str(place))
    engine = sessions.begin(load_inventory(lab.inventory), mode="drill", runbooks=lambda: (runbook,))
    engine.start()
    assert engine.choose_runbook(runbook, {}) is None
    seen: list[str] = []

    def reach(step: str, *states: str) -> None:
        deadline = time.monotonic() + 60
        while (state := engine.view().session.steps[step].state.value) not in states:
            assert time.monotonic() < deadline, (step, state, states)
            time.sleep(0.02)
        seen.append(f"{step} {state}")

    def confirm(step: str) -> None:
        reach(step, "awaiting_confirmation")
        digest = engine.view().plans[step].digest
        assert engine.submit(cmd.Confirm(step=step, plan_digest=digest, answer=cmd.Answer.AUTO)) is None

    confirm("slow")
    host = lab.host("etcd1")
    deadline = time.monotonic() + 30
    while not any(one.stage.value == "accepted" for one in engine.view().session.attempts.values()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    network.set_link("etcd1", up=False)
    reach("slow", "unknown")
    seen.append(engine.view().session.steps["after"].state.value)
    network.set_link("etcd1", up=True)
    reach("slow", "succeeded")
    confirm("after")
    reach("after", "succeeded")
    engine.leave("left")
    return seen, host.run("cat", "/root/effects").stdout


def test_the_step_becomes_unknown_is_settled_by_its_probe_and_the_runbook_goes_on(
    lab: LabChild, tmp_path: Path
) -> None:
    """The link is gone while the script runs: unknown, what needs it blocked; back again, the probe settles it."""
    seen, effects = lab.run(cut_and_settle, str(tmp_path))
    assert seen == [
        "slow awaiting_confirmation",
        "slow unknown",
        "blocked",
        "slow succeeded",
        "after awaiting_confirmation",
        "after succeeded",
    ]
    assert effects.split() == ["effect", "after"]
