"""From the start of haops to its first frame, and to the first true word about etcd.

    python tests/bench/first_frame.py [--rounds N]

The first frame stands beside that of a bare Textual app with one word on it (goal <= 1.3 x); the first member's state
on the screen of `haops session` beside `etcdctl endpoint status` (goal <= 560 ms: first rows of a live view without its
splash).
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from measuring import Figure, in_turns, medians, show
from places import HAOPS, Bench, etcd_bench
from terminal import on_terminal

ROUNDS = 11
BARE = (
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class Bare(App):\n    def compose(self):\n        yield Static('floor')\n"
    "Bare().run()"
)
FLOOR, START, SESSION, TRUE, ETCDCTL = "bare Textual app", "start screen", "session's frame", "etcd's state", "etcdctl"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """Measure everything in turns."""
    with etcd_bench() as bench:
        session = (*HAOPS, "session", "-c", str(bench.inventory))
        sides = {
            FLOOR: lambda: _drawn_ms(bench, (sys.executable, "-c", BARE), "floor"),
            START: lambda: _drawn_ms(bench, HAOPS, "haops"),
            SESSION: lambda: _drawn_ms(bench, session, "LOOKING|NOW"),
            TRUE: lambda: _drawn_ms(bench, session, r"(leader|follower) +\d"),
            ETCDCTL: lambda: _etcdctl_ms(bench),
        }
        in_turns(sides, 1)  # files come into the page cache
        found = medians(in_turns(sides, rounds))
    floor, etcdctl = (FLOOR, found[FLOOR]), (ETCDCTL, found[ETCDCTL])
    return [
        Figure(name="first frame, start screen", value=found[START], unit="ms", floor=floor, goal=1.3),
        Figure(name="first frame, `haops session`", value=found[SESSION], unit="ms", floor=floor, goal=1.3),
        Figure(name="first true etcd data on the screen", value=found[TRUE], unit="ms", goal=560),
        Figure(name="the same beside `etcdctl endpoint status`", value=found[TRUE], unit="ms", floor=etcdctl),
    ]


def _drawn_ms(bench: Bench, command: Sequence[str], pattern: str) -> float:
    """Return how long it takes from the start of a program until the pattern stands on its screen."""
    with on_terminal(command, bench.environment) as terminal:
        return (terminal.await_text(pattern) - terminal.started_s) * 1000


def _etcdctl_ms(bench: Bench) -> float:
    """Return how long etcdctl takes to tell the status of the three members."""
    access = bench.cluster.access
    began_s = time.perf_counter()
    subprocess.run(
        [
            *(str(bench.cluster.bin / "etcdctl"), "endpoint", "status", "--cacert", access.ca),
            *("--cert", access.certificate, "--key", access.key),
            *("--endpoints", ",".join(member.client_url for member in access.members)),
        ],
        check=True,
        capture_output=True,
        env={**os.environ, "ETCDCTL_API": "3"},
    )
    return (time.perf_counter() - began_s) * 1000


if __name__ == "__main__":
    show(figures, ROUNDS, __doc__)
