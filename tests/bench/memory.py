"""Memory and processor of a session that watches a lab for a minute, and the most memory of `haops drill --auto`.

    python tests/bench/memory.py [--rounds N]

Every figure is one process that stays (the session; the part of the drill that holds it), resident memory in MB as the
kernel counts it. One round takes a minute.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from measuring import Figure, show
from places import HAOPS, ROOT, lab
from terminal import on_terminal

ROUNDS = 1
FLAVOUR = "control-plane"
WATCHED_S = 60.0
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """Watch and drill."""
    watched = [watch() for _ in range(rounds)]
    drills_mb = [drill_mb() for _ in range(rounds)]
    return [
        Figure(name="session after a minute, memory", value=statistics.median(mb for mb, _ in watched), unit="MB"),
        Figure(name="session, of one core", value=statistics.median(share for _, share in watched) * 100, unit="%"),
        Figure(name="`drill --auto`, most memory", value=statistics.median(drills_mb), unit="MB"),
    ]


def watch() -> tuple[float, float]:
    """Return a session's memory in MB after a minute on a lab, and the share of a core that it took in that minute."""
    with lab(FLAVOUR) as name, tempfile.TemporaryDirectory(prefix="haops-bench-") as state:
        # The variable is expanded inside the lab; exec leaves haops itself on the terminal.
        inside = f'XDG_STATE_HOME={state} exec {" ".join(HAOPS)} session -c "$HAOPS_INVENTORY"'
        with on_terminal([*HAOPS, "lab", "shell", "--lab", name, "sh", "-c", inside], _environment()) as screen:
            screen.await_text(r"(leader|follower) +\d")
            pid = max(_called(screen.pid, "session"), key=_resident_mb)
            before_s = _processor_s(pid)
            screen.read_for(WATCHED_S)
            return _resident_mb(pid), (_processor_s(pid) - before_s) / WATCHED_S


def drill_mb() -> float:
    """Return the most memory in MB that the process which holds a drill's session had."""
    most_mb = 0.0
    with tempfile.TemporaryDirectory(prefix="haops-bench-") as state:
        environment = {**_environment(), "XDG_STATE_HOME": state}
        command = [*HAOPS, "drill", "--flavour", FLAVOUR, "--auto", "--json"]
        silent = subprocess.DEVNULL
        drill = subprocess.Popen(command, stdout=silent, stderr=silent, cwd=ROOT, env=environment)
        while drill.poll() is None:
            most_mb = max([most_mb, *map(_resident_mb, _called(drill.pid, "drill"))])
            time.sleep(0.2)
    if drill.returncode != 0:
        raise RuntimeError(f"the drill ended with {drill.returncode}")
    return most_mb


def _called(pid: int, word: str) -> Iterator[int]:
    """Yield a process and those that it has started, as far as the word is one of their arguments."""
    with suppress(OSError):
        if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            yield pid
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _called(int(child), word)


def _resident_mb(pid: int) -> float:
    """Return a process's resident memory in MB; 0 if it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    return 0.0


def _processor_s(pid: int) -> float:
    """Return the seconds of processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _environment() -> dict[str, str]:
    """Return an environment in which this checkout is what is imported."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    show(figures, ROUNDS, __doc__)
