"""The host's containers, in the container runtime's place: processes with a name, an id and a past.

Owns what runs and what ended. Must never decide what should run: `static_pods` does. A container here is a process
in the host's own root file system; there are no images.
"""

import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haops.lab.agent.processes import HOST_ENVIRONMENT, NOT_FOUND, Process, Processes, stop

_KEPT_ENDED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """What to run and for which pod; `source` is the manifest's file name and `digest` its content's."""

    source: str
    digest: str
    name: str
    pod: str
    namespace: str
    pod_uid: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Container:
    """One run of a container; times are seconds since 1970, `exit_code` counts once it has ended."""

    spec: ContainerSpec
    attempt: int
    log: Path
    # 64 hexadecimal digits, as container runtimes have them.
    id: str = field(default_factory=lambda: secrets.token_hex(32))
    started_at: float = field(default_factory=time.time)
    finished_at: float = 0.0
    exit_code: int = 0
    process: Process | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether its process has not ended."""
        return self.process is not None and self.process.is_running


class Containers:
    """Every container of the host, newest last."""

    def __init__(self, host_root: Path, processes: Processes) -> None:
        self._root = host_root
        self._processes = processes
        self._all: list[Container] = []

    def __iter__(self) -> Iterator[Container]:
        return iter(self._all)

    def newest(self, source: str, name: str) -> Container | None:
        """Return the latest run of a manifest's container."""
        runs = (one for one in reversed(self._all) if (one.spec.source, one.spec.name) == (source, name))
        return next(runs, None)

    def find(self, prefix: str) -> Container | None:
        """Return the container whose id begins so."""
        return next((one for one in self._all if prefix and one.id.startswith(prefix)), None)

    def start(self, spec: ContainerSpec, attempt: int) -> Container:
        """Start a container; one whose program is missing is there too, ended with status 127."""
        # The kubelet's own layout, down to the file's name.
        directory = f"var/log/pods/{spec.namespace}_{spec.pod}_{spec.pod_uid}/{spec.name}"
        container = Container(spec, attempt, self._root / directory / f"{attempt}.log")
        try:
            environment = {**HOST_ENVIRONMENT, **spec.environment}
            container.process = self._processes.start_logged(spec.command, container.log, environment)
        except OSError:
            container.finished_at, container.exit_code = time.time(), NOT_FOUND
        else:
            container.process.ended.add_done_callback(lambda ended: _note_end(container, ended.result().code))
        self._all.append(container)
        self._forget_old(spec)
        return container

    async def stop(self, container: Container, patience_s: float) -> None:
        """Stop a container: SIGTERM, and SIGKILL after `patience_s`; one that has ended is no error."""
        if container.process and container.is_running:
            await stop(
                container.process,
                first=signal.SIGTERM if patience_s > 0 else signal.SIGKILL,
                # Even SIGKILL takes a moment until the end is seen.
                patience_s=max(patience_s, 1.0),
            )

    def remove(self, container: Container) -> None:
        """Forget a container that has ended."""
        self._all.remove(container)

    def _forget_old(self, spec: ContainerSpec) -> None:
        ended = [
            one
            for one in self._all
            if one.spec.name == spec.name and one.spec.source == spec.source and not one.is_running
        ]
        for one in ended[:-_KEPT_ENDED]:
            self._all.remove(one)


def _note_end(container: Container, code: int) -> None:
    container.finished_at, container.exit_code = time.time(), code
