"""Which TCP ports something listens on, on this host."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

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
                # 127.0.0.1, in the byte order of a little-endian machine.
                if state == _LISTEN and not host.startswith("0100007F"):
                    yield int(port, 16)
