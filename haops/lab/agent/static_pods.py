"""Static pods, in the kubelet's place: what lies in the manifest directory runs, and nothing else.

Owns which containers should run. Like a kubelet it runs every file whose name does not begin with a dot, restarts
what dies with a growing delay, and leaves the containers alone when it is stopped itself.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from haops.lab.agent.containers import Container, Containers, ContainerSpec
from haops.lab.agent.processes import Ended

MANIFESTS = "etc/kubernetes/manifests"
# The kubelet looks every 20 s (and by inotify at once); a drill should not wait for either.
_SCAN_EVERY_S = 0.2
# The default terminationGracePeriodSeconds of a pod.
_GRACE_S = 30.0
# A tenth of the kubelet's 10 s doubling to 300 s, reset after 10 min: a drill should not wait for back-off.
_BACK_OFF_S = 1.0
_LONGEST_BACK_OFF_S = 30.0
_STEADY_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class StaticPod:
    """One manifest: its file, a digest of its content, the pod as parsed, and what to run."""

    source: str
    digest: str
    manifest: Mapping[str, Any]
    containers: tuple[ContainerSpec, ...]


class StaticPods:
    """Watches the manifests and keeps the containers as they say; `ended` resolves when it is told to stop."""

    def __init__(self, host_root: Path, host_name: str, containers: Containers) -> None:
        # A part of the agent, which is the host's first process.
        self.pid = 1
        self.ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self.pods: tuple[StaticPod, ...] = ()
        self._directory = host_root / MANIFESTS
        self._host_name = host_name
        self._containers = containers
        self._parsed: dict[tuple[str, int, int, int], StaticPod | None] = {}
        self._quick_ends: dict[tuple[str, str, str], int] = {}
        self._stopping: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.create_task(self._keep())

    @property
    def is_running(self) -> bool:
        """Tell whether it still watches."""
        return not self.ended.done()

    def send(self, number: int, *, whole_group: bool = True) -> None:
        """Stop watching at any signal that ends a process; containers go on."""
        del whole_group
        if self.is_running and number:
            self._loop.cancel()
            self.ended.set_result(Ended(0, number))

    async def _keep(self) -> None:
        while True:
            # Replaced as a whole: the thread of the node reads it meanwhile.
            self.pods = tuple(self._scan())
            self._stop_unwanted()
            for pod in self.pods:
                for spec in pod.containers:
                    self._ensure(spec)
            await asyncio.sleep(_SCAN_EVERY_S)

    def _scan(self) -> Iterator[StaticPod]:
        """Read the directory; a file is parsed again only when it has changed."""
        seen = {}
        # The directory itself may be moved away: then nothing is wanted.
        with suppress(FileNotFoundError):
            for path in sorted(self._directory.iterdir()):
                # Editors and kubeadm write hidden files beside it and rename them: those are no manifests yet.
                if not path.name.startswith(".") and path.is_file():
                    status = path.stat()
                    # A file that is moved in keeps its old time and size; its inode tells.
                    key = (path.name, status.st_ino, status.st_mtime_ns, status.st_size)
                    seen[key] = self._parsed[key] if key in self._parsed else self._parse(path)
        self._parsed = seen
        return (pod for pod in seen.values() if pod)

    def _parse(self, path: Path) -> StaticPod | None:
        """Return the pod of a manifest; a file that is no pod, or only half written, is passed over."""
        import yaml  # noqa: PLC0415 - an agent without static pods needs none

        try:
            content = path.read_bytes()
            manifest = yaml.safe_load(content)
            digest = hashlib.sha256(content).hexdigest()[:32]
            return StaticPod(path.name, digest, manifest, tuple(self._specs(path.name, digest, manifest)))
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
            return None

    def _specs(self, source: str, digest: str, manifest: Mapping[str, Any]) -> Iterator[ContainerSpec]:
        metadata = manifest["metadata"]
        for container in manifest["spec"]["containers"]:
            yield ContainerSpec(
                source=source,
                digest=digest,
                name=container["name"],
                pod=f"{metadata['name']}-{self._host_name}",
                namespace=metadata.get("namespace", "default"),
                # As with a kubelet: the same manifest on the same host is the same pod.
                pod_uid=hashlib.sha256(f"{self._host_name}{source}{digest}".encode()).hexdigest()[:32],
                image=container.get("image", ""),
                command=(*container.get("command", ()), *container.get("args", ())),
                environment={one["name"]: one["value"] for one in container.get("env", ()) if "value" in one},
            )

    def _stop_unwanted(self) -> None:
        wanted = {(pod.source, pod.digest) for pod in self.pods}
        for container in list(self._containers):
            if (container.spec.source, container.spec.digest) in wanted:
                continue
            if container.is_running and container.id not in self._stopping:
                task = asyncio.create_task(self._containers.stop(container, _GRACE_S))
                self._stopping[container.id] = task
                task.add_done_callback(partial(self._stopped, container.id))

    def _stopped(self, container_id: str, task: asyncio.Task[None]) -> None:
        del task
        self._stopping.pop(container_id, None)

    def _ensure(self, spec: ContainerSpec) -> None:
        newest = self._containers.newest(spec.source, spec.name)
        # A changed manifest is a new pod: it starts at once, without the back-off of the old one.
        if newest is None or (newest.spec.digest != spec.digest and not newest.is_running):
            self._containers.start(spec, 0)
        elif not newest.is_running and time.time() >= newest.finished_at + self._back_off_s(newest):
            self._count(newest)
            self._containers.start(spec, newest.attempt + 1)

    def _back_off_s(self, container: Container) -> float:
        """How long to wait after this end: nothing at first, then longer with each quick one."""
        if _was_steady(container):
            return 0.0
        ends = self._quick_ends.get(_key(container), 0)
        return min(_BACK_OFF_S * 2 ** (ends - 1), _LONGEST_BACK_OFF_S) if ends else 0.0

    def _count(self, container: Container) -> None:
        key = _key(container)
        self._quick_ends[key] = 0 if _was_steady(container) else self._quick_ends.get(key, 0) + 1


def _was_steady(container: Container) -> bool:
    return container.finished_at - container.started_at > _STEADY_AFTER_S


def _key(container: Container) -> tuple[str, str, str]:
    return (container.spec.source, container.spec.digest, container.spec.name)
