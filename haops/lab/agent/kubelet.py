"""The kubelet's service as the agent plays it: static pods, and the node in the API for as long as it runs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from haops.lab.agent.boot import BootOrder
from haops.lab.agent.containers import Container, Containers, ContainerSpec
from haops.lab.agent.node import KUBECONFIG, Node, PodReport
from haops.lab.agent.static_pods import StaticPod, StaticPods

KUBELET = "/usr/bin/kubelet"
"""The program in a unit's ExecStart that the agent stands in for."""


def start_kubelet(order: BootOrder, containers: Containers) -> StaticPods:
    """Begin to run static pods, and to report them where the host has a kubelet's credentials."""
    static_pods = StaticPods(order.disk.root, order.name, containers)
    # An etcd host has no such credentials, and no API to report to.
    if (order.disk.root / KUBECONFIG).exists():
        node = Node(order.name, order.address, order.disk.root, lambda: _reports(static_pods, containers))
        node.start()
        static_pods.ended.add_done_callback(lambda _: node.stop())
    return static_pods


def _reports(static_pods: StaticPods, containers: Containers) -> list[PodReport]:
    """Return what the API should show; called from the node's thread, on values that are replaced, not changed."""
    return [
        PodReport(
            name=pod.containers[0].pod,
            namespace=pod.containers[0].namespace,
            digest=pod.digest,
            manifest=pod.manifest,
            container_statuses=[_status(spec, _current(containers, pod, spec)) for spec in pod.containers],
        )
        for pod in static_pods.pods
        if pod.containers
    ]


def _current(containers: Containers, pod: StaticPod, spec: ContainerSpec) -> Container | None:
    newest = containers.newest(pod.source, spec.name)
    # A container of the manifest before is not this pod's.
    return newest if newest and newest.spec.digest == pod.digest else None


def _status(spec: ContainerSpec, container: Container | None) -> Mapping[str, Any]:
    running = container is not None and container.is_running
    return {
        "name": spec.name,
        "image": spec.image,
        "imageID": spec.image,
        "containerID": f"haops-lab-agent://{container.id}" if container else "",
        "ready": running,
        "started": running,
        "restartCount": container.attempt if container else 0,
        "state": _state(container),
    }


def _state(container: Container | None) -> Mapping[str, Any]:
    if container is None:
        return {"waiting": {"reason": "ContainerCreating"}}
    if container.is_running:
        return {"running": {"startedAt": _rfc3339(container.started_at)}}
    return {
        "terminated": {
            "exitCode": container.exit_code,
            "reason": "Error" if container.exit_code else "Completed",
            "startedAt": _rfc3339(container.started_at),
            "finishedAt": _rfc3339(container.finished_at),
        }
    }


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
