"""Which TCP ports something listens on, on this host."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Literal

from haops.lab.agent.answers import Answer, lines

# TCP_LISTEN in the kernel's tcp_states.h.
_LISTEN = "0A"


async def listening_ports(arguments: Sequence[str]) -> Answer:
    """Answer with one port per line, in order; loopback-only ones are left out."""
    del arguments
    return Answer(0, lines(*(str(port) for port in sorted(set(_ports())))))


def _ports() -> Iterator[int]:
    """Read the kernel's tables of this network namespace (proc_net_tcp)."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for row in Path("/proc/self/net", table).read_text().splitlines()[1:]:
                address, state = row.split()[1], row.split()[3]
                host, _, port = address.partition(":")
                if state == _LISTEN and not is_loopback(host):
                    yield int(port, 16)


def is_loopback(host: str, byteorder: Literal["little", "big"] = sys.byteorder) -> bool:
    """Tell whether an address of proc_net_tcp is heard on this host alone: all of 127.0.0.0/8, ::1, and mapped ones."""
    # Each 32-bit word of the address is printed as a number, so in the byte order of the machine.
    words = (int(host[start : start + 8], 16) for start in range(0, len(host), 8))
    address = ip_address(b"".join(word.to_bytes(4, byteorder) for word in words))
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
