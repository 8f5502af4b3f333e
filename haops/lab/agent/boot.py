"""What a host is told when its power comes on, and the way from there to a running agent.

Owns the first process of a host: new namespaces, root file system, agent. Must never outlive the lab.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from haops.lab import syscalls
from haops.lab.host_disk import HostDisk
from haops.lab.syscalls import Clone


@dataclass(frozen=True, slots=True, kw_only=True)
class BootOrder:
    """What a host is made of; `stand_ins` are commands run outside its root in place of a program there."""

    name: str
    address: str
    disk: HostDisk
    programs: Mapping[str, Path]
    stand_ins: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the order as one line for the first process."""
        return json.dumps(
            {
                "name": self.name,
                "address": self.address,
                "directory": str(self.disk.directory),
                "programs": {name: str(path) for name, path in self.programs.items()},
                "stand_ins": {name: list(command) for name, command in self.stand_ins.items()},
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "BootOrder":
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(
            name=raw["name"],
            address=raw["address"],
            disk=HostDisk(Path(raw["directory"])),
            programs={name: Path(path) for name, path in raw["programs"].items()},
            stand_ins=raw["stand_ins"],
        )


def power_on(name: str) -> None:
    """Return as the first process of a new host; the calling process stays as its power supply.

    Prints `pid N`, the first process as seen from the bastion. The next line on standard input says that the network
    cable is plugged in.
    """
    # The lab's end is the end of every host, however it comes.
    syscalls.die_with_parent()
    # A new PID namespace takes in children only: the next fork is the host's first process.
    syscalls.unshare(Clone.MOUNT | Clone.NET | Clone.UTS | Clone.IPC | Clone.PID)
    first = os.fork()
    if first:
        print(f"pid {first}", flush=True)
        _supply_power(first)
    # Not inherited by a child, so once more.
    syscalls.die_with_parent()
    # No signal of the bastion's terminal reaches a host.
    os.setsid()
    socket.sethostname(name)
    # Python brings a handler of its own for it; a host knows no Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _supply_power(first: int) -> NoReturn:
    _, status = os.waitpid(first, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
