"""Facts about hosts: who is reached over SSH, whose clock is off, who is cut off from whom."""

from haops.core.facts.registry import Seen, fact, host_fact
from haops.core.observations import HostState, Kind

_HOST = Kind.HOST


@fact("hosts.expected", "hosts in the inventory")
def _expected(seen: Seen) -> int:
    return len(seen.inventory.hosts)


@fact("hosts.reachable", "hosts that answer over SSH", _HOST)
def _reachable(seen: Seen) -> int | None:
    # While hosts have not been asked yet, a small number would look like an outage.
    asked = sum(1 for _ in seen.picture.of(_HOST))
    return sum(1 for _ in seen.values(_HOST)) if asked >= len(seen.inventory.hosts) else None


@fact("hosts.pairs_cut", "pairs of reachable hosts in which at least one does not reach the other", _HOST)
def _pairs_cut(seen: Seen) -> int | None:
    states: dict[str, HostState] = dict(seen.values(_HOST))
    if not any(state.reaches for state in states.values()):
        return None
    cut = {
        # A pair counts once, whichever of the two does not reach the other.
        frozenset((name, other))
        for name, state in states.items()
        for other, reached in state.reaches.items()
        # A host that is not reached itself is another matter than a cut between two.
        if not reached and other in states
    }
    return len(cut)


@fact("hosts.clock_spread_s", "seconds between the clocks of the hosts furthest apart", _HOST)
def _clock_spread(seen: Seen) -> float | None:
    offsets = [state.clock_offset_s for _, state in seen.values(_HOST)]
    return round(max(offsets) - min(offsets), 3) if offsets else None


@host_fact("host.name", "this host's name in the inventory")
def _name(_seen: Seen, host: str) -> str:
    return host


@host_fact("host.address", "this host's address in the inventory")
def _address(seen: Seen, host: str) -> str:
    return seen.inventory.host(host).address


@host_fact("host.zone", "this host's zone in the inventory")
def _zone(seen: Seen, host: str) -> str:
    return seen.inventory.host(host).zone


@host_fact("host.reachable", "whether this host answers over SSH", _HOST)
def _host_reachable(seen: Seen, host: str) -> bool | None:
    sight = seen.picture.get(_HOST, host)
    return sight.newest.ok if sight else None


@host_fact("host.clock_offset_s", "seconds by which this host's clock is ahead of the bastion's", _HOST)
def _clock_offset(seen: Seen, host: str) -> float | None:
    state: HostState | None = seen.picture.value(_HOST, host)
    return state.clock_offset_s if state else None
