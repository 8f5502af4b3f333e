"""Ends etcd by SIGKILL in such a way that its supervisor does not bring it back."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from haops.lab.faults.fault import Parameters, TargetHost, TargetLab
from haops.lab.faults.host_processes import is_alive, pids_of, send

_PROGRAM = "etcd"
_UNIT = "etcd.service"
_CALL_TIMEOUT_S = 30.0


class ExhaustRestarts:
    """etcd dies and stays dead: its unit has failed too often, or the kubelet that would restart its pod is stopped.

    Undone by giving the supervisor its work back.
    """

    name = "exhaust-restarts"
    title = "etcd is killed and its supervisor has given up"
    parameters: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Parameters] = {}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Kill it in the way of the lab's layout."""
        _SUPERVISORS[lab.flavour.layout].give_up(host)

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Let the supervisor start it again; if it runs already, nothing happens."""
        _SUPERVISORS[lab.flavour.layout].resume(host)

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether etcd is dead and its supervisor has given up."""
        return _SUPERVISORS[lab.flavour.layout].has_given_up(host) and not _etcd_lives(host)


@dataclass(frozen=True, slots=True)
class _Supervisor:
    """How one layout's supervisor gives up, how that is seen, and how it resumes."""

    give_up: Callable[[TargetHost], None]
    has_given_up: Callable[[TargetHost], bool]
    resume: Callable[[TargetHost], None]


def _fail_unit(host: TargetHost) -> None:
    host.ask("exhaust-restarts", _UNIT, timeout_s=_CALL_TIMEOUT_S).checked(f"{host.name}: killing {_UNIT} for good")


def _unit_has_failed(host: TargetHost) -> bool:
    return host.ask("systemctl", "is-failed", _UNIT).status == 0


def _restart_unit(host: TargetHost) -> None:
    # reset-failed first: beyond its limit a unit refuses every start.
    for verb in (("reset-failed",), ("start", "--no-block")):
        host.ask("systemctl", *verb, _UNIT).checked(f"{host.name}: systemctl {verb[0]} {_UNIT}")


def _stop_kubelet_and_kill(host: TargetHost) -> None:
    # The kubelet first, else it would start again what was killed.
    host.ask("systemctl", "stop", "kubelet", timeout_s=_CALL_TIMEOUT_S).checked(f"{host.name}: systemctl stop kubelet")
    send(host, _PROGRAM, signal.SIGKILL)


def _kubelet_is_stopped(host: TargetHost) -> bool:
    return host.ask("systemctl", "is-active", "kubelet").stdout.strip() != "active"


def _start_kubelet(host: TargetHost) -> None:
    host.ask("systemctl", "start", "kubelet").checked(f"{host.name}: systemctl start kubelet")


def _etcd_lives(host: TargetHost) -> bool:
    return any(is_alive(pid) for pid in pids_of(host, _PROGRAM))


_SUPERVISORS: Mapping[str, _Supervisor] = {
    "systemd": _Supervisor(_fail_unit, _unit_has_failed, _restart_unit),
    "kubeadm": _Supervisor(_stop_kubelet_and_kill, _kubelet_is_stopped, _start_kubelet),
}
