"""Steps over SSH against raw ssh with an open ControlMaster connection, and the same command on fifty hosts.

    python tests/bench/ssh_steps.py

Starts an sshd of its own on loopback under a temporary directory. The sides take turns, so that what else the machine
does hits all. Prints medians and ratios. Goals: read step <= 1.0 x ControlMaster, recorded and detached step <= 2.0 x,
fifty hosts on open connections <= 0.25 s; recorded step <= 1/20 of an ansible task, where ansible is installed.
"""

import contextlib
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])]

import sshd  # noqa: E402 - the path is set above
from shell_places import ssh_shell  # noqa: E402 - the path is set above

from haops.connectors.seam import Order, Shell  # noqa: E402 - the path is set above

ROUNDS = 41
HOSTS = 50
HOST_ROUNDS = 7
ANSIBLE_TASKS = 10
ANSIBLE_ROUNDS = 5
READ, RECORDED, MASTER = "read step", "recorded, detached step", "ssh with ControlMaster"
FIFTY, FIFTY_RECORDED = "fifty hosts, read step", "fifty hosts, recorded step"


def main() -> None:
    """Measure and print."""
    if sshd.PROGRAM is None:
        raise SystemExit(sshd.MISSING)
    with tempfile.TemporaryDirectory() as place, sshd.running_sshd(Path(place) / "sshd") as server:
        one_ms = _one_host(server, Path(place))
        _print("one host, ms per step", one_ms)
        for side, goal in ((READ, 1.0), (RECORDED, 2.0)):
            print(f"  {side} / {MASTER}: {one_ms[side] / one_ms[MASTER]:.2f}  (goal <= {goal})")
        _ansible(server, Path(place), one_ms[RECORDED])
        _print(f"{HOSTS} hosts, ms for all, connections open (goal <= 250)", _many_hosts(server, Path(place)))


def _one_host(server: sshd.Sshd, place: Path) -> Mapping[str, float]:
    """Return the median of each side in milliseconds."""
    shell = ssh_shell(server, place)
    with _control_master(server, place) as master:
        sides: Mapping[str, Callable[[], object]] = {
            MASTER: lambda: subprocess.run(master, check=True),
            READ: lambda: shell.run("true", timeout_s=30),
            RECORDED: lambda: _recorded(shell),
        }
        measured = _measure(sides, ROUNDS)
    shell.close()
    return measured


def _many_hosts(server: sshd.Sshd, place: Path) -> Mapping[str, float]:
    """Return the median for one command on all hosts at once, in milliseconds."""
    shells = [ssh_shell(server, place) for _ in range(HOSTS)]
    with ThreadPoolExecutor(HOSTS) as pool:
        list(pool.map(lambda shell: shell.run("true", timeout_s=60), shells))
        measured = _measure(
            {
                FIFTY: lambda: list(pool.map(lambda shell: shell.run("true", timeout_s=60), shells)),
                FIFTY_RECORDED: lambda: list(pool.map(_recorded, shells)),
            },
            HOST_ROUNDS,
        )
    for shell in shells:
        shell.close()
    return measured


def _measure(sides: Mapping[str, Callable[[], object]], rounds: int) -> Mapping[str, float]:
    """Let the sides take turns; return each one's median in milliseconds, the first round left out."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds + 1):
        for side, step in sides.items():
            began = time.perf_counter()
            step()
            times[side].append((time.perf_counter() - began) * 1000)
    return {side: statistics.median(taken[1:]) for side, taken in times.items()}


def _recorded(shell: Shell) -> None:
    """Run one step the recorded way."""
    order = Order(attempt_id=secrets.token_hex(16), script="true")
    report = shell.launch(order, timeout_s=60, on_accepted=lambda: None, on_output=lambda _piece: None)
    if report.exit_status != 0:
        raise RuntimeError(report)


@contextlib.contextmanager
def _control_master(server: sshd.Sshd, place: Path) -> Iterator[list[str]]:
    """Hold a ControlMaster connection open; yield the command that runs `true` over it."""
    options = ["-F", "none", "-i", str(server.key), "-p", str(server.port), "-o", f"ControlPath={place / 'master'}"]
    options += ["-o", f"UserKnownHostsFile={server.known_hosts}", "-o", "ControlMaster=auto", "-o", "ControlPersist=60"]
    target = f"{server.access().user}@127.0.0.1"
    subprocess.run(["ssh", *options, target, "true"], check=True)
    try:
        yield ["ssh", *options, target, "true"]
    finally:
        subprocess.run(["ssh", *options, "-O", "exit", target], check=False, capture_output=True)


def _ansible(server: sshd.Sshd, place: Path, recorded_ms: float) -> None:
    """Print the ratio to one ansible task (the time of ten more tasks, by ten), where ansible is installed."""
    program = shutil.which("ansible-playbook")
    if program is None:
        print("  ansible is not installed: left out")
        return
    reached = (
        f"ansible_port={server.port} ansible_user={server.access().user} ansible_ssh_private_key_file={server.key}"
    )
    (place / "hosts").write_text(
        f"host ansible_host=127.0.0.1 {reached} ansible_ssh_common_args='-o UserKnownHostsFile={server.known_hosts}'\n"
    )
    few, many = (_playbook(place / name, count) for name, count in (("few.yml", 1), ("many.yml", 1 + ANSIBLE_TASKS)))
    command = [program, "-i", str(place / "hosts")]

    def play(playbook: Path) -> None:
        subprocess.run([*command, str(playbook)], check=True, stdout=subprocess.DEVNULL)

    measured = _measure({"few": lambda: play(few), "many": lambda: play(many)}, ANSIBLE_ROUNDS)
    task_ms = (measured["many"] - measured["few"]) / ANSIBLE_TASKS
    print(f"  {RECORDED} / ansible task ({task_ms:.0f} ms): 1/{task_ms / recorded_ms:.0f}  (goal <= 1/20)")


def _playbook(path: Path, count: int) -> Path:
    """Write a playbook of that many tasks."""
    tasks = "".join(f"    - {{name: task {number}, command: 'true'}}\n" for number in range(count))
    path.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    return path


def _print(title: str, measured: Mapping[str, float]) -> None:
    """Print medians."""
    print(f"{title} ({os.cpu_count()} cores)")
    for side, median_ms in measured.items():
        print(f"  {side}: {median_ms:.2f}")


if __name__ == "__main__":
    main()
