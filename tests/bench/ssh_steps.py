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
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import places  # noqa: F401 - sets the path
import sshd
from measuring import Figure, in_turns, medians, show
from shell_places import ssh_shell

from haops.connectors.seam import Order, Shell

ROUNDS = 41
HOSTS = 50
ANSIBLE_TASKS = 10
READ, RECORDED, MASTER = "read step", "recorded, detached step", "ssh with ControlMaster"
FIFTY, FIFTY_RECORDED = "50 hosts, read step, connections open", "50 hosts, recorded step, connections open"
MOST_ROUNDS = 7
"""For the sides that take long."""


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """Measure against a server of its own. SystemExit if there is no sshd."""
    if sshd.PROGRAM is None:
        raise SystemExit(sshd.MISSING)
    few = min(rounds, MOST_ROUNDS)
    with tempfile.TemporaryDirectory() as place, sshd.running_sshd(Path(place) / "sshd") as server:
        one_ms = _one_host(server, Path(place), rounds)
        ansible = _ansible(server, Path(place), one_ms[RECORDED], few)
        many_ms = _many_hosts(server, Path(place), few)
    master = (MASTER, one_ms[MASTER])
    return [
        Figure(name=READ, value=one_ms[READ], unit="ms", floor=master, goal=1.0),
        Figure(name=RECORDED, value=one_ms[RECORDED], unit="ms", floor=master, goal=2.0),
        *ansible,
        Figure(name=FIFTY, value=many_ms[FIFTY], unit="ms", goal=250),
        Figure(name=FIFTY_RECORDED, value=many_ms[FIFTY_RECORDED], unit="ms"),
    ]


def _one_host(server: sshd.Sshd, place: Path, rounds: int) -> Mapping[str, float]:
    """Return the median of each side in milliseconds."""
    shell = ssh_shell(server, place)
    with _control_master(server, place) as master:
        sides: Mapping[str, Callable[[], object]] = {
            MASTER: lambda: subprocess.run(master, check=True),
            READ: lambda: shell.run("true", timeout_s=30),
            RECORDED: lambda: _recorded(shell),
        }
        measured = _medians_ms(sides, rounds)
    shell.close()
    return measured


def _many_hosts(server: sshd.Sshd, place: Path, rounds: int) -> Mapping[str, float]:
    """Return the median for one command on all hosts at once, in milliseconds."""
    shells = [ssh_shell(server, place) for _ in range(HOSTS)]
    with ThreadPoolExecutor(HOSTS) as pool:
        list(pool.map(lambda shell: shell.run("true", timeout_s=60), shells))
        sides: Mapping[str, Callable[[], object]] = {
            FIFTY: lambda: list(pool.map(lambda shell: shell.run("true", timeout_s=60), shells)),
            FIFTY_RECORDED: lambda: list(pool.map(_recorded, shells)),
        }
        measured = _medians_ms(sides, rounds)
    for shell in shells:
        shell.close()
    return measured


def _medians_ms(sides: Mapping[str, Callable[[], object]], rounds: int) -> Mapping[str, float]:
    """Let the sides take turns; return each one's median in milliseconds, the first round left out."""

    def timed(step: Callable[[], object]) -> float:
        began_s = time.perf_counter()
        step()
        return (time.perf_counter() - began_s) * 1000

    taken = in_turns({side: partial(timed, step) for side, step in sides.items()}, rounds + 1)
    return medians({side: times[1:] for side, times in taken.items()})


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


def _ansible(server: sshd.Sshd, place: Path, recorded_ms: float, rounds: int) -> list[Figure]:
    """Return the ratios to one ansible task (the time of ten more tasks, by ten), as ansible comes and with pipelining.

    Nothing without ansible.
    """
    program = shutil.which("ansible-playbook")
    if program is None:
        return []
    reached = (
        f"ansible_port={server.port} ansible_user={server.access().user} ansible_ssh_private_key_file={server.key}"
    )
    (place / "hosts").write_text(
        f"host ansible_host=127.0.0.1 {reached} ansible_ssh_common_args='-o UserKnownHostsFile={server.known_hosts}'\n"
    )
    few, many = (_playbook(place / name, count) for name, count in (("few.yml", 1), ("many.yml", 1 + ANSIBLE_TASKS)))
    # The server has no sftp, which ansible would try first for each file.
    settings = {"ANSIBLE_SSH_TRANSFER_METHOD": "piped", "ANSIBLE_PYTHON_INTERPRETER": "auto_silent"}

    def play(playbook: Path, pipelining: str) -> None:
        environment = os.environ | settings | {"ANSIBLE_PIPELINING": pipelining}
        command = [program, "-i", str(place / "hosts"), str(playbook)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    sides = {f"{playbook.stem} {way}": partial(play, playbook, way) for playbook in (few, many) for way in "01"}
    measured = _medians_ms(sides, rounds)
    task_ms = {way: (measured[f"many {way}"] - measured[f"few {way}"]) / ANSIBLE_TASKS for way in "01"}
    return [
        Figure(name=RECORDED, value=recorded_ms, unit="ms", floor=("ansible task", task_ms["0"]), goal=1 / 20),
        Figure(name=RECORDED, value=recorded_ms, unit="ms", floor=("the same with pipelining", task_ms["1"])),
    ]


def _playbook(path: Path, count: int) -> Path:
    """Write a playbook of that many tasks."""
    tasks = "".join(f"    - {{name: task {number}, command: 'true'}}\n" for number in range(count))
    path.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    return path


if __name__ == "__main__":
    show(figures, ROUNDS, __doc__)
