"""Keeps the host's Node, its Lease and its mirror pods in the API, with the kubelet's own credentials.

Owns one thread, so that an API that hangs holds nothing else up. Must never end because the API is down: it tries
again, silently, for as long as the kubelet's service runs.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from haops.errors import LabError
from haops.lab.architecture import architecture

KUBECONFIG = "etc/kubernetes/kubelet.conf"
_ROUND_S = 1.0
# The kubelet's own figures: a lease of 40 s, renewed at a quarter of it.
_LEASE_EVERY_S = 10.0
_LEASE_S = 40
_MIRROR = "kubernetes.io/config.mirror"
_VERSION = "v0.0.0-haops-lab"
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PodReport:
    """A static pod as the API should show it: the manifest, its digest, and a status per container."""

    name: str
    namespace: str
    digest: str
    manifest: Json
    container_statuses: Sequence[Json]


class Node:
    """The host's presence in the API from `start` to `stop`."""

    def __init__(self, name: str, address: str, host_root: Path, pods: Callable[[], Sequence[PodReport]]) -> None:
        self._name = name
        self._address = address
        self._kubeconfig = host_root / KUBECONFIG
        self._pods = pods
        self._over = threading.Event()
        self._api: Any = None
        self._uid = ""
        self._renewed_at = 0.0
        self._reported: dict[str, Json] = {}

    def start(self) -> None:
        """Begin, in a thread of its own."""
        threading.Thread(target=self._keep, daemon=True).start()

    def stop(self) -> None:
        """Say nothing more to the API."""
        self._over.set()

    def _keep(self) -> None:
        while not self._over.wait(_ROUND_S):
            try:
                self._round()
            except (LabError, OSError, KeyError, ValueError):
                # Down, refusing, or its credentials are being replaced: all of it passes or is somebody's drill.
                self._api = None

    def _round(self) -> None:
        if self._api is None:
            from haops.lab.kube_api import KubeApi  # noqa: PLC0415 - 0.1 s that an etcd host never needs

            self._api = KubeApi(self._kubeconfig)
            # All is told anew: after an outage the API may have an older state, restored from a snapshot.
            self._uid = ""
            self._renewed_at = 0.0
            self._reported.clear()
        if not self._uid:
            self._uid = self._register()
        if time.monotonic() - self._renewed_at >= _LEASE_EVERY_S:
            self._renew_lease()
            self._report_ready()
            self._compare_mirrors()
            self._renewed_at = time.monotonic()
        self._mirror(self._pods())

    def _register(self) -> str:
        path = f"/api/v1/nodes/{self._name}"
        reply = self._api.get(path)
        if not reply.is_ok:
            reply = self._api.create("/api/v1/nodes", node_object(self._name))
        return str(reply.checked("register the node")["metadata"]["uid"])

    def _renew_lease(self) -> None:
        collection = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        spec = {"holderIdentity": self._name, "leaseDurationSeconds": _LEASE_S, "renewTime": _now(micro=True)}
        # Patched first: all but once it is there.
        reply = self._api.patch(f"{collection}/{self._name}", {"spec": spec})
        if reply.is_ok:
            return
        owner = {"apiVersion": "v1", "kind": "Node", "name": self._name, "uid": self._uid}
        metadata = {"name": self._name, "namespace": "kube-node-lease", "ownerReferences": [owner]}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        self._api.create(collection, lease).checked("create the node's lease")

    def _report_ready(self) -> None:
        status = {
            "conditions": [_condition("Ready", "True", "KubeletReady"), *map(_no_pressure, ("Memory", "Disk", "PID"))],
            "addresses": [
                {"type": "InternalIP", "address": self._address},
                {"type": "Hostname", "address": self._name},
            ],
            "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "nodeInfo": node_fields(),
        }
        path = f"/api/v1/nodes/{self._name}/status"
        reply = self._api.patch(path, {"status": status})
        if reply.status == 404:  # noqa: PLR2004 - somebody deleted the node: register again
            self._uid = ""
        reply.checked("report the node ready")

    def _compare_mirrors(self) -> None:
        """Delete mirror pods of manifests that went while nobody could be told; note those that somebody deleted."""
        found = self._api.get(f"/api/v1/pods?fieldSelector=spec.nodeName={self._name}").checked("list the node's pods")
        metadata = [pod["metadata"] for pod in found["items"] if _MIRROR in pod["metadata"].get("annotations", {})]
        there = {_path(one["namespace"], one["name"]) for one in metadata}
        # A manifest may have gone while no API server answered.
        for path in there - {_path(pod.namespace, pod.name) for pod in self._pods()}:
            self._api.delete(path)
        self._reported = {path: status for path, status in self._reported.items() if path in there}

    def _mirror(self, pods: Sequence[PodReport]) -> None:
        """Create, replace and delete mirror pods, and report what changed since the last round."""
        wanted = {_path(pod.namespace, pod.name): pod for pod in pods}
        # Only what this process has told the API; the rest is found by comparing.
        for path in self._reported.keys() - wanted.keys():
            self._api.delete(path)
            del self._reported[path]
        for path, pod in wanted.items():
            status = _pod_status(pod, self._address)
            if self._reported.get(path) != status:
                self._ensure_mirror(path, pod)
                self._api.patch(f"{path}/status", {"status": status}).checked("report a pod's status")
                self._reported[path] = status

    def _ensure_mirror(self, path: str, pod: PodReport) -> None:
        there = self._api.get(path)
        if there.is_ok and there.body["metadata"].get("annotations", {}).get(_MIRROR) == pod.digest:
            return
        # The kubelet, too, replaces a mirror pod whose manifest has changed: pods cannot be edited.
        if there.is_ok:
            self._api.delete(path)
        collection = path.rpartition("/")[0]
        self._api.create(collection, self._mirror_of(pod)).checked("create a mirror pod")

    def _mirror_of(self, pod: PodReport) -> Json:
        annotations = {
            _MIRROR: pod.digest,
            "kubernetes.io/config.hash": pod.digest,
            "kubernetes.io/config.source": "file",
        }
        # NodeRestriction takes a pod from a node only if that node, uid included, is its one controlling owner.
        owner = {"apiVersion": "v1", "kind": "Node", "name": self._name, "uid": self._uid, "controller": True}
        written = pod.manifest["metadata"]
        metadata = {
            "name": pod.name,
            "namespace": pod.namespace,
            "labels": written.get("labels", {}),
            "annotations": {**written.get("annotations", {}), **annotations},
            "ownerReferences": [owner],
        }
        # As the kubelet adds: a static pod is never evicted for a taint.
        tolerations = [{"operator": "Exists", "effect": "NoExecute"}]
        spec = {**pod.manifest["spec"], "nodeName": self._name, "tolerations": tolerations}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def node_object(name: str) -> Json:
    """Return the Node to register under that name, on this machine."""
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture()}
    taint = {"key": _CONTROL_PLANE, "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [taint]},
    }


def node_fields() -> Json:
    """Return the `nodeInfo` of a node's status; what the lab cannot say is empty, for none may be missing."""
    return {
        "architecture": architecture(),
        "bootID": "",
        "containerRuntimeVersion": "haops-lab-agent://0.0.0",
        "kernelVersion": "",
        "kubeProxyVersion": "",
        "kubeletVersion": _VERSION,
        "machineID": "",
        "operatingSystem": "linux",
        "osImage": "haops lab",
        "systemUUID": "",
    }


def _path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{name}"


def _pod_status(pod: PodReport, address: str) -> Json:
    ready = "True" if all(status["ready"] for status in pod.container_statuses) else "False"
    conditions = {"Initialized": "True", "PodScheduled": "True", "ContainersReady": ready, "Ready": ready}
    return {
        "phase": "Running",
        "hostIP": address,
        "podIP": address,
        "conditions": [{"type": kind, "status": status} for kind, status in conditions.items()],
        "containerStatuses": list(pod.container_statuses),
    }


def _condition(kind: str, status: str, reason: str) -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": "", "lastHeartbeatTime": _now()}


def _no_pressure(kind: str) -> Json:
    return _condition(f"{kind}Pressure", "False", f"KubeletHasSufficient{kind}")


def _now(*, micro: bool = False) -> str:
    # A lease's time is a MicroTime: the API refuses it unless it has all six digits of the microseconds.
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
