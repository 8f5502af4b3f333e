"""The first process of a lab host: `python -m haops.lab.agent`, with its boot order on standard input."""

import asyncio
import sys

from haops.errors import EnvironmentLacks
from haops.lab.agent.agent import Agent
from haops.lab.agent.boot import BootOrder, power_on
from haops.lab.root_filesystem import assemble


def main() -> int:
    """Boot; return only when something is in the way."""
    order = BootOrder.from_json(sys.stdin.readline())
    power_on(order.name)
    # Before what may fail: a host that has ended cannot be plugged in, and only that would be told.
    # Until the cable is plugged in: it is plugged into this process's network namespace.
    if not sys.stdin.readline():
        # Whoever switched it on has gone, perhaps before this process asked to die with its parent.
        return 1
    try:
        assemble(order.disk, order.programs)
    except EnvironmentLacks as lack:
        # Read by `LabHost`: how a host tells what is missing before it has an agent.
        print(f"lacks {lack}", flush=True)
        return lack.exit_code
    asyncio.run(Agent(order).serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
