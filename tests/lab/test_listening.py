"""Which ports of a lab host are shown as reachable."""

import asyncio
import socket

import pytest

from haops.lab.agent.listening import is_loopback, listening_ports


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_what_listens_on_the_loopback_alone_is_left_out(address: str) -> None:
    """No other host reaches a port on 127.0.0.0/8, on ::1 or on a mapped loopback address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        try:
            listener.bind((address, 0))
        except OSError as error:
            pytest.skip(f"this machine has no {address}: {error}")
        listener.listen()
        port = str(listener.getsockname()[1])
        assert port not in asyncio.run(listening_ports(())).stdout.split()


@pytest.mark.parametrize(
    "host",
    [
        "0B005A0A",  # 10.90.0.11
        "00000000",
        "0" * 32,
        "B80D0120000000000000000001000000",  # 2001:db8::1
        "0000000000000000FFFF00000B005A0A",  # ::ffff:10.90.0.11
        "7F000000",  # 0.0.0.127
    ],
)
def test_what_others_reach_is_shown(host: str) -> None:
    """Addresses of the host, and all addresses at once, count as reachable on a little-endian machine."""
    assert not is_loopback(host, "little")


@pytest.mark.parametrize("host", ["7F000001", "7F08090A", "0" * 31 + "1", "00000000000000000000FFFF7F000001"])
def test_a_big_endian_machine_is_read_in_its_own_order(host: str) -> None:
    """The kernel prints words in the machine's byte order; loopback is loopback on both kinds."""
    assert is_loopback(host, "big")
