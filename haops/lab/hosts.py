"""One lab host seen from the bastion: its power, its cable, its disk, its agent.

Must never know what runs on it: flavours do.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from haops.errors import EnvironmentLacks, LabError
from haops.lab import network
from haops.lab.agent.boot import BootOrder
from haops.lab.agent_client import Outcome, ask
from haops.lab.host_disk import HostDisk
from haops.runtime import own_program


def address_of(number: int) -> str:
    """Return the address of the lab's host of that number, counted from 0."""
    return f"10.90.0.{11 + number}"


@dataclass(slots=True)
class LabHost:
    """A host of the lab. `pid` is its first process, as numbered on the bastion; 0 while it has no power."""

    name: str
    address: str
    disk: HostDisk
    programs: Mapping[str, Path]
    stand_ins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pid: int = 0
    _supply: subprocess.Popen[str] | None = None

    def switch_on(self) -> None:
        """Begin to boot; `plug_in` and `await_boot` follow. Several hosts may boot at the same time."""
        order = BootOrder(
            name=self.name,
            address=self.address,
            disk=self.disk,
            programs=self.programs,
            stand_ins=self.stand_ins,
        )
        self.disk.control_socket.unlink(missing_ok=True)
        with self.disk.console.open("ab") as console:
            self._supply = subprocess.Popen(
                own_program.command("haops.lab.agent"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=console,
                text=True,
                env=own_program.environment(),
                # Ctrl-C in the terminal must not cut a host's power.
                start_new_session=True,
            )
        self._tell(order.to_json())

    def plug_in(self) -> None:
        """Connect the host to the bridge, once it has a network namespace."""
        self.pid = int(self._hear("pid"))
        network.plug(self.name, self.pid, self.address)
        self._tell("plugged")

    def await_boot(self) -> None:
        """Wait until the agent answers. EnvironmentLacks or LabError with the console's last words if it does not."""
        self._hear("ready")

    def boot(self) -> None:
        """Switch on, plug in and wait."""
        self.switch_on()
        self.plug_in()
        self.await_boot()

    def cut_power(self) -> None:
        """End every process of the host at once; what is on its disk stays. No error if it has no power."""
        supply, self._supply = self._supply, None
        if supply is None:
            return
        with suppress(ProcessLookupError):
            _end(supply, self.pid)
        supply.wait()
        for pipe in (supply.stdin, supply.stdout):
            if pipe:
                # Closing writes what the buffer still holds, to a process that is gone.
                with suppress(BrokenPipeError):
                    pipe.close()
        self.pid = 0

    def ask(self, call: str, *arguments: str, timeout_s: float = 30.0) -> Outcome:
        """Make a call to the agent, such as `systemctl` with its arguments. LabError if the agent does not answer."""
        return ask(self.disk.control_socket, call, arguments, timeout_s=timeout_s)

    def run(self, *command: str, stdin: str = "", timeout_s: float = 30.0) -> Outcome:
        """Run a command in the host's root file system. LabError if the agent does not answer in time."""
        return self.ask("run", stdin, *command, timeout_s=timeout_s)

    def path(self, path: str) -> Path:
        """Return where the host's `path` is seen on the bastion while the host has power."""
        # Through one of its processes: what is mounted there is mounted in its own namespace only.
        return Path(f"/proc/{self.pid}/root{self.disk.root}{path}")

    def _tell(self, line: str) -> None:
        assert self._supply is not None  # noqa: S101 - narrowed for the type checker; only called while booting
        assert self._supply.stdin is not None  # noqa: S101 - as above: it was opened as a pipe
        try:
            print(line, file=self._supply.stdin, flush=True)
        except BrokenPipeError as error:
            raise self._did_not_boot() from error

    def _hear(self, word: str) -> str:
        """Return what follows `word` on the next line of the first process."""
        assert self._supply is not None  # noqa: S101 - narrowed for the type checker; only called while booting
        assert self._supply.stdout is not None  # noqa: S101 - as above: it was opened as a pipe
        first, _, rest = self._supply.stdout.readline().strip().partition(" ")
        if first == "lacks":
            raise EnvironmentLacks(rest)
        if first != word:
            raise self._did_not_boot()
        return rest

    def _did_not_boot(self) -> LabError:
        said = self.disk.console.read_text(errors="replace").strip()[-2000:]
        return LabError(f"did not boot: {said or 'no message'}", where=self.name)


def _end(supply: "subprocess.Popen[str]", first: int) -> None:
    """End a host by its first process if that was heard of, else by its power supply."""
    if not first:
        # It has not been plugged in yet: it ends with its supply, or at the end of its standard input.
        supply.kill()
    # A number that the supply has waited for may by now be another process's.
    elif supply.poll() is None:
        # The first process of a PID namespace: the kernel ends all others in it, and the supply ends after the last.
        os.kill(first, signal.SIGKILL)


def boot_all(hosts: Sequence[LabHost]) -> None:
    """Boot hosts at the same time."""
    # Each step for all of them before the next: three hosts boot in the time of one.
    for host in hosts:
        host.switch_on()
    for host in hosts:
        host.plug_in()
    for host in hosts:
        host.await_boot()
