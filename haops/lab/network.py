"""The lab's network: one bridge on the bastion, a cable to each host, and ways to cut hosts off.

Owns every netlink call of the lab. Addresses are fixed: they exist in the lab's own network namespace only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from haops.errors import EnvironmentLacks, LabError
from haops.lab import syscalls
from haops.lab.syscalls import Clone

BASTION_ADDRESS = "10.90.0.1"
_PREFIX_BITS = 24
_BRIDGE = "lab0"


def create_bridge() -> None:
    """Make the switch that every cable ends in, with the bastion on it."""
    with _links() as links:
        links.link("add", ifname=_BRIDGE, kind="bridge")
        index = _index(links, _BRIDGE)
        links.addr("add", index=index, address=BASTION_ADDRESS, prefixlen=_PREFIX_BITS)
        links.link("set", index=index, state="up")


def plug(host: str, pid: int, address: str) -> None:
    """Run a cable from the bridge to the network namespace of process `pid` and give that end the address."""
    with _links() as links:
        links.link("add", ifname=_cable(host), kind="veth", peer={"ifname": "eth0", "net_ns_pid": pid})
        links.link("set", index=_index(links, _cable(host)), master=_index(links, _BRIDGE), state="up")
    with _links(pid) as inside:
        # In a new network namespace even the loopback is down.
        for name in ("lo", "eth0"):
            inside.link("set", index=_index(inside, name), state="up")
        inside.addr("add", index=_index(inside, "eth0"), address=address, prefixlen=_PREFIX_BITS)
        inside.route("add", dst="default", gateway=BASTION_ADDRESS)


def set_link(host: str, *, up: bool) -> None:
    """Pull the host's cable or put it back: nobody reaches it, it reaches nobody."""
    with _links() as links:
        # The bridge's end: a host whose own end goes down loses its routes, and they do not come back with it.
        links.link("set", index=_index(links, _cable(host)), state="up" if up else "down")


def is_link_up(host: str) -> bool:
    """Tell whether the host's cable is in."""
    with _links() as links:
        return bool(links.get_links(_index(links, _cable(host)))[0].get_attr("IFLA_OPERSTATE") == "UP")


def drop_route(pid: int, address: str) -> None:
    """Let nothing leave for `address` from the network namespace of process `pid`."""
    # A route, which every kernel knows: packet filters and netem are modules that may be missing.
    with _links(pid) as inside:
        # Not "add": the same cut may be asked for twice.
        inside.route("replace", dst=f"{address}/32", type="blackhole")


def restore_route(pid: int, address: str) -> None:
    """Undo `drop_route`; a route that is not there is no error."""
    with _links(pid) as inside:
        if any(True for _ in _blackholes(inside, address)):
            inside.route("del", dst=f"{address}/32", type="blackhole")


def dropped_addresses(pid: int) -> frozenset[str]:
    """Return the addresses that `drop_route` has cut off for the namespace of process `pid`."""
    with _links(pid) as inside:
        return frozenset(_blackholes(inside))


def _blackholes(inside: Any, address: str = "") -> Iterator[str]:
    for route in inside.get_routes(type=_route_types()["blackhole"]):
        destination = route.get_attr("RTA_DST")
        if destination and address in {"", destination}:
            yield destination


def _cable(host: str) -> str:
    return f"to-{host}"


def _index(links: Any, name: str) -> int:
    found = links.link_lookup(ifname=name)
    if not found:
        raise LabError(f"there is no network link {name} in the lab")
    return int(found[0])


@contextmanager
def _links(pid: int | None = None) -> Iterator[Any]:
    """Open netlink here, or in the network namespace of process `pid`.

    LabError if the process is gone, or the kernel refuses a request.
    """
    iproute = _pyroute2()
    try:
        with _namespace_of(pid):
            links = iproute.IPRoute()  # a socket belongs to the namespace that it was opened in
        with links:
            yield links
    except iproute.NetlinkError as error:
        raise LabError(f"the kernel refused a change of the lab's network: {error}") from error


@contextmanager
def _namespace_of(pid: int | None) -> Iterator[None]:
    if pid is None:
        yield
        return
    # Opened before it is left: from inside the other one there is no way back by a path.
    with _opened("self") as here, _opened(str(pid)) as there:
        try:
            syscalls.setns(there, Clone.NET)
            yield
        finally:
            syscalls.setns(here, Clone.NET)


@contextmanager
def _opened(process: str) -> Iterator[int]:
    """Open the network namespace of a process (its number, or "self"). LabError if the process is gone."""
    try:
        descriptor = os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError):
        raise LabError(f"process {process} is gone, and its network with it", remedy="haops lab status") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@cache
def _pyroute2() -> Any:
    try:
        import pyroute2  # noqa: PLC0415 - 0.2 s, and only a lab needs it
    except ImportError as error:
        raise EnvironmentLacks("pyroute2 is not installed", remedy="pip install '.[lab]' in its directory") from error
    return pyroute2


def _route_types() -> dict[str, int]:
    from pyroute2.netlink.rtnl import rt_type  # noqa: PLC0415 - see _pyroute2

    return dict(rt_type)
