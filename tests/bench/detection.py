"""The leader of etcd killed, or frozen with its connections open, until its row is red on the screen.

    python tests/bench/detection.py [--rounds N]

A real session on a terminal, three real members. A killed member refuses the next question, which comes within 1 s; a
frozen one is given 2 s for its answer after that. Red is promised within a second of these limits.
"""

import time
from collections.abc import Callable

from measuring import Figure, in_turns, medians, show
from places import HAOPS, Bench, etcd_bench
from terminal import Terminal, on_terminal
from waiting import until  # places sets the path

ROUNDS = 7
KILLED, FROZEN = "leader killed until it is red", "leader frozen until it is red"
GOALS_S = {KILLED: 2.0, FROZEN: 4.0}
DEAD, WELL = "✖", "●"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """Break and mend one cluster in turns, with one session watching."""
    with etcd_bench() as bench, on_terminal(_session(bench), bench.environment) as screen:
        for member in bench.cluster.members:
            screen.await_text(f"{WELL} {member.name}")
        cluster = bench.cluster
        sides: dict[str, Callable[[], float]] = {
            KILLED: lambda: _seen_s(bench, screen, cluster.kill, cluster.start),
            FROZEN: lambda: _seen_s(bench, screen, cluster.freeze, cluster.thaw),
        }
        found = medians(in_turns(sides, rounds))
    return [Figure(name=name, value=value, unit="s", goal=GOALS_S[name]) for name, value in found.items()]


def _session(bench: Bench) -> list[str]:
    """Return the command that watches the cluster."""
    return [*HAOPS, "session", "-c", str(bench.inventory)]


def _seen_s(bench: Bench, screen: Terminal, break_it: Callable[[str], None], mend: Callable[[str], None]) -> float:
    """Break the leader; return the seconds until its row is red; mend it and wait until its row is well again."""
    leader = _leader(bench)
    screen.forget()
    began_s = time.perf_counter()
    break_it(leader)
    seen_s = screen.await_text(f"{DEAD} {leader}") - began_s
    screen.forget()
    mend(leader)
    screen.await_text(f"{WELL} {leader}")
    return seen_s


def _leader(bench: Bench) -> str:
    """Return the member that leads, once all agree."""

    def agreed() -> str:
        clients = {member.name: bench.cluster.connect(member.name) for member in bench.cluster.members}
        try:
            told = {name: client.status(timeout_s=1) for name, client in clients.items()}
        finally:
            for client in clients.values():
                client.close()
        leaders = {status.leader_id for status in told.values()}
        return next((name for name, status in told.items() if leaders == {status.member_id}), "")

    return until(agreed)


if __name__ == "__main__":
    show(figures, ROUNDS, __doc__)
