"""What is asked of the haops inside the lab."""

import dataclasses

import pytest

from haops.cli.drill import drill
from haops.cli.wish import Wish

EVERYTHING = Wish(
    scenario="etcd-quorum-loss",
    variant="old-snapshot",
    flavour="etcd",
    from_directory="-a directory",
    auto=True,
    plain=True,
    as_json=True,
    keep=True,
    resumed="20261121",
)


@pytest.mark.parametrize("wish", [Wish(), EVERYTHING, Wish(scenario="another")])
def test_the_inner_command_asks_for_the_same(wish: Wish) -> None:
    """Whether it was asked for on the command line or on the start screen, whose command line is only `haops`."""
    command, *arguments = wish.arguments()
    assert command == "drill"
    assert drill.make_context("drill", arguments).params == dataclasses.asdict(wish)
