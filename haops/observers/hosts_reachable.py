"""The hosts over their kept SSH connections: alive, since when, how far their clocks are off, and who reaches whom.

Must never open more than the kept connection. A host that cannot be reached over SSH may well be alive: that is an
error of this look, not a statement about the host.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import Host, Inventory
from haops.core.observations import HostState, Kind, Observation
from haops.errors import ConnectorError, RemoteFailed
from haops.observers.host_script import pairs, required, run
from haops.observers.observer import look

# Each is a connection from every host; a partition shows in the first ones already.
_MOST_TARGETS = 16
# The script gives each target 1 s, all at the same time; the rest is for starting that.
_REACH_S = 3.0


class HostsReachable:
    """Each host says who it is and which of the others answer a TCP connection from there."""

    name = Kind.HOST.value
    interval_s = 3.0

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return the hosts' names."""
        return tuple(host.name for host in inventory.hosts)

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Return the observation of one host."""
        del thorough  # there is no cheaper look
        inventory = connections.inventory

        def measure() -> HostState:
            """Ask the host once; its clock is compared with the middle of the exchange."""
            sent_s = clock.now().timestamp()
            result = run(connections.shell(group), "host_state.sh", {}, timeout_s=timeout_s)
            # The host reads its clock between question and answer; the middle is off by half of the latency at most.
            midway_s = (sent_s + clock.now().timestamp()) / 2
            values = dict(pairs(result.stdout))
            required(values, ("now", "boot_id", "uptime"))
            try:
                return HostState(
                    clock_offset_s=_seconds(values["now"]) - midway_s,
                    boot_id=values["boot_id"],
                    uptime_s=float(values["uptime"]),
                    reaches=_reaches(connections, group, timeout_s),
                    latency_ms=result.duration_s * 1000,
                )
            except ValueError:
                raise RemoteFailed("the host's answer has no numbers where numbers belong") from None

        source = f"ssh {inventory.host(group).address}"
        return (look(Kind.HOST, group, source=source, clock=clock, measure=measure),)


def _seconds(text: str) -> float:
    """Return what `date +%s.%N` printed; some print no nanoseconds, then the middle of the second is nearest."""
    whole, _, fraction = text.partition(".")
    return int(whole) + (float(f"0.{fraction}") if fraction.isdigit() else 0.5)


def _reaches(connections: Connections, host: str, timeout_s: float) -> dict[str, bool]:
    """Return which other hosts answer from there; empty if that could not be found out."""
    targets = " ".join(_targets(connections.inventory, host))
    try:
        result = run(
            connections.shell(host), "host_reaches.sh", {"TARGETS": targets}, timeout_s=max(timeout_s, _REACH_S)
        )
    except ConnectorError:
        return {}
    return {name: key == "reaches" for key, name in pairs(result.stdout) if key in ("reaches", "silent")}


def _targets(inventory: Inventory, asking: str) -> Iterator[str]:
    """Yield name=address=port of the hosts worth asking for: those that hold the control plane together."""
    members = inventory.etcd.members if inventory.etcd else ()
    peers = {member.host: urlsplit(member.peer_url) for member in members}
    endpoints = inventory.kubernetes.endpoints if inventory.kubernetes else ()
    central = {*peers, *(endpoint.host for endpoint in endpoints)}
    others = [host for host in inventory.hosts if host.name != asking and (host.name in central or not central)]
    for host in others[:_MOST_TARGETS]:
        # At the port that counts between them; without an etcd member there is only SSH.
        peer = peers.get(host.name)
        address = peer.hostname if peer else host.address
        yield f"{host.name}={address}={peer.port if peer else _ssh_port(host, inventory)}"


def _ssh_port(host: Host, inventory: Inventory) -> int:
    """Return the port of the host's SSH server."""
    return host.port or inventory.ssh.port
