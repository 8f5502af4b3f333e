"""An etcd quorum restored by `haops drill --auto`, against the same steps in a shell script, on labs of the same kind.

    python tests/bench/quorum_restore.py [--rounds N]

Variant `survivor`; both sides take turns, each on a fresh lab, both beside the drill's writer. Times run from the first
fault; that of haops comes out of its journal. Two ends: every API server ready (goal <= 1.1 x), and done, when
controller-manager and scheduler lead again: that is mostly the 15 s for which their old leases last.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from measuring import Figure, show
from places import HAOPS, ROOT, lab

ROUNDS = 5
FLAVOUR = "control-plane"
READY, DONE = "API ready", "done"
MOMENTS = ("quorum seen lost", "snapshot on every host", "everything stopped", "restored", "etcd healthy", READY, DONE)
STEPS = ("copy-snapshot", "stop", "swap", "start-etcd", "start-api")
"""The steps of the runbook whose verification is the moment of the same place, after the first."""


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """Restore in turns and compare."""
    shell, haops = [], []
    for _ in range(rounds):
        shell.append(by_shell())
        haops.append(by_haops())
    return [_figure(moment, shell, haops) for moment in MOMENTS]


def _figure(moment: str, shell: list[dict[str, float]], haops: list[dict[str, float]]) -> Figure:
    """Return one moment's figure; only the two ends have a goal."""
    floor = statistics.median(each[moment] for each in shell)
    value = statistics.median(each[moment] for each in haops)
    goal = 1.1 if moment in {READY, DONE} else None
    return Figure(name=f"quorum restore: {moment}", value=value, unit="s", floor=("shell", floor), goal=goal)


def by_shell() -> dict[str, float]:
    """Return when the shell script reached what, in seconds after the first fault."""
    inside = Path(__file__).with_name("quorum_restore_inside.py")
    with lab(FLAVOUR) as name:
        command = [*HAOPS, "lab", "shell", "--lab", name, sys.executable, str(inside)]
        ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT, env=_environment())
    return dict(json.loads(ended.stdout))


def by_haops() -> dict[str, float]:
    """Return when the drill reached what, in seconds after the first fault, as its journal tells."""
    command = [*HAOPS, "drill", "--flavour", FLAVOUR, "--variant", "survivor", "--auto", "--json"]
    with tempfile.TemporaryDirectory(prefix="haops-bench-") as state:
        ended = subprocess.run(
            command, capture_output=True, check=True, cwd=ROOT, env={**_environment(), "XDG_STATE_HOME": state}
        )
        return _moments(Path(json.loads(ended.stdout)["journal"]))


def _moments(journal: Path) -> dict[str, float]:
    """Return the moments of a drill's journal."""
    from haops.runtime.journal_reader import read_journal  # noqa: PLC0415 - places sets the path

    seen: dict[str, str] = {}
    for record in read_journal(journal).records:
        if record.type == "verification.passed":
            seen[str(record.body["step"])] = record.wall
        elif record.type == "signal.raised" and record.body["severity"] == "critical" and "fault" in seen:
            seen.setdefault("lost", record.wall)
        elif record.type in {"fault.injected", "runbook.done"}:
            seen.setdefault(record.type.split(".")[0], record.wall)
    ends = [seen[name] for name in ("lost", *STEPS, "runbook")]
    return {moment: _between_s(seen["fault"], end) for moment, end in zip(MOMENTS, ends, strict=True)}


def _between_s(began: str, ended: str) -> float:
    """Return the seconds between two times of a journal."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def _environment() -> dict[str, str]:
    """Return an environment in which this checkout is what is imported."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    show(figures, ROUNDS, __doc__)
