"""The agent itself: wires processes, units and the calls together on one event loop.

Must never import what only a control plane needs before there are static pods to run: three agents share two cores.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from haops.lab.agent.answers import Answer, Call
from haops.lab.agent.boot import BootOrder
from haops.lab.agent.containers import Containers
from haops.lab.agent.control import HostRequests, LabSocket
from haops.lab.agent.crictl import Runtime, crictl
from haops.lab.agent.kubelet import KUBELET, start_kubelet
from haops.lab.agent.listening import listening_ports
from haops.lab.agent.processes import HOST_ENVIRONMENT, Processes, Running
from haops.lab.agent.service import StartFailed
from haops.lab.agent.systemctl import journalctl, systemctl
from haops.lab.agent.units import UnitNotFound, Units


class Agent:
    """One host's agent, once its root file system stands."""

    def __init__(self, order: BootOrder) -> None:
        self._order = order
        self._root = order.disk.root
        self._processes = Processes(self._root)
        self._units = Units(self._root, self._launch)
        self._containers = Containers(self._root, self._processes)

    async def serve(self) -> None:
        """Start what is enabled, say `ready` on standard output, and answer calls for as long as the host has power."""
        self._processes.watch()
        self._units.reload()
        calls = self._calls()
        HostRequests(self._root, calls).listen()
        await LabSocket(self._order.disk.control_socket, {**calls, **self._lab_calls()}).listen()
        # Not waited for: a member of etcd is up only when other hosts boot as well.
        for name in self._units.enabled():
            # A unit whose file has gone, or is wrong, does not keep a host from booting.
            with suppress(UnitNotFound, StartFailed):
                await self._units.get(name).start(block=False)
        print("ready", flush=True)
        await asyncio.Event().wait()

    def _calls(self) -> dict[str, Call]:
        """What the host's own scripts may ask."""
        runtime = Runtime(self._containers, self._run)
        return {
            "systemctl": partial(systemctl, self._units),
            "journalctl": partial(journalctl, self._units),
            "crictl": partial(crictl, runtime),
        }

    def _lab_calls(self) -> dict[str, Call]:
        """What only the lab may ask."""
        return {"run": self._run, "exhaust-restarts": self._exhaust_restarts, "ports": listening_ports}

    async def _run(self, arguments: Sequence[str]) -> Answer:
        """Run a command in the host's root; the first argument is its standard input."""
        given, *command = arguments
        with _memory_file(given) as stdin, _memory_file("") as stdout, _memory_file("") as stderr:
            process = self._processes.start(
                command, stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=stderr.fileno()
            )
            ended = await process.ended
            return Answer(ended.code, _whole(stdout), _whole(stderr))

    async def _exhaust_restarts(self, arguments: Sequence[str]) -> Answer:
        for name in arguments:
            await self._units.get(name).exhaust_restarts()
        return Answer()

    def _launch(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Running:
        if command[0] == KUBELET:
            return start_kubelet(self._order, self._containers)
        stand_in = self._order.stand_ins.get(command[0])
        if stand_in:
            # It runs outside the host's root and needs this process's Python, PYTHONPATH included.
            inherited = {**os.environ, **HOST_ENVIRONMENT}
            return self._processes.start_logged([*stand_in, *command[1:]], log, inherited, on_host=False)
        return self._processes.start_logged(command, log, environment)


def _memory_file(content: str) -> BinaryIO:
    """A file without a name: a command may fill it without anybody reading at the other end."""
    file = os.fdopen(os.memfd_create("haops"), "w+b")
    # What a command reads and prints are bytes; so they pass through JSON without loss.
    file.write(content.encode(errors="surrogateescape"))
    file.seek(0)
    return file


def _whole(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="surrogateescape")
