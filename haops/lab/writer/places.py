"""Where a drill writes to, from outside the cluster: etcd itself, or the Kubernetes API.

Owns what is written and how it is read back. Every endpoint is tried in turn, beginning with the one that last worked.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from haops.connectors import etcd, kubernetes
from haops.connectors.seam import ApiClient, EtcdClient, HttpAnswer
from haops.core.inventory import EtcdAccess, Inventory, KubernetesAccess
from haops.errors import ConnectorError, LabError, RemoteFailed

NAMESPACE = "haops-drill"
_CREATED = 201
_OK = 200
_NOT_FOUND = 404
_CONFLICT = 409
_PAGE = "250"
# Each read asks the leader and mostly waits: a few at once take a fraction of the time.
_READERS = 4

Client = TypeVar("Client")
Answer = TypeVar("Answer")


class Place(Protocol):
    """Something that takes keys and gives back which of them it holds."""

    def write(self, key: str, *, timeout_s: float) -> None:
        """Write a key; returning means that it was acknowledged. Raises a ConnectorError: then nobody knows.

        `timeout_s` is for each endpoint.
        """

    def present(self, keys: Collection[str], *, timeout_s: float) -> set[str]:
        """Return those of the keys that are there, read so that nothing acknowledged can be missed."""

    def close(self) -> None:
        """Drop every connection."""


def open_place(inventory: Inventory) -> Place:
    """Return the Kubernetes API where there is one, else etcd. Raises LabError if the inventory has neither."""
    if inventory.kubernetes:
        return ApiPlace(inventory.kubernetes)
    if inventory.etcd:
        return EtcdPlace(inventory.etcd)
    raise LabError("there is nothing to write to", where=inventory.source)


class EtcdPlace:
    """Tiny keys in etcd."""

    def __init__(self, access: EtcdAccess) -> None:
        self._clients = [etcd.connect(member, access) for member in access.members]

    def write(self, key: str, *, timeout_s: float) -> None:
        """Put a key through raft."""

        def put(client: EtcdClient) -> int:
            """Put it by one member."""
            return client.put(_path(key), "", timeout_s=timeout_s)

        _first_answer(self._clients, put)

    def present(self, keys: Collection[str], *, timeout_s: float) -> set[str]:
        """Read every key linearizably."""
        clients = tuple(self._clients)

        def is_there(key: str) -> bool:
            """Read one key by the first member that answers."""
            return _first_answer(list(clients), lambda client: client.get(_path(key), timeout_s=timeout_s)) is not None

        pool = ThreadPoolExecutor(_READERS)
        try:
            return {key for key, there in zip(keys, pool.map(is_there, keys), strict=True) if there}
        finally:
            # After one read that failed, thousands of others would only wait for the same.
            pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Drop every channel."""
        for client in self._clients:
            client.close()


class ApiPlace:
    """Tiny ConfigMaps in a namespace of their own, each created by one POST."""

    def __init__(self, access: KubernetesAccess) -> None:
        direct = [endpoint for endpoint in access.endpoints if not endpoint.virtual]
        self._clients = [kubernetes.connect(endpoint, access) for endpoint in direct]
        self._has_namespace = False

    def write(self, key: str, *, timeout_s: float) -> None:
        """Create a ConfigMap."""

        def create(client: ApiClient) -> None:
            """Create it by one API server; the namespace once, before the first."""
            if not self._has_namespace:
                namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
                # 409: it is there already, from an earlier drill.
                _post(client, "/api/v1/namespaces", namespace, timeout_s, {_CREATED, _CONFLICT})
                self._has_namespace = True
            _post(client, f"/api/v1/namespaces/{NAMESPACE}/configmaps", _config_map(key), timeout_s, {_CREATED})

        try:
            _first_answer(self._clients, create)
        except _NamespaceGone:
            # An older state of the cluster was restored, from before the namespace.
            self._has_namespace = False
            raise

    def present(self, keys: Collection[str], *, timeout_s: float) -> set[str]:
        """List all ConfigMaps of the namespace, page by page, at one consistent state."""
        listed = _first_answer(self._clients, lambda client: _list_names(client, timeout_s))
        return set(keys) & listed

    def close(self) -> None:
        """Drop every connection."""
        for client in self._clients:
            client.close()


class _NamespaceGone(RemoteFailed):
    """The namespace that was written to does not exist."""


def _first_answer(clients: list[Client], ask: Callable[[Client], Answer]) -> Answer:
    """Return the first answer of any endpoint; the one that gave it comes to the front. Raises the last error."""
    last: ConnectorError = RemoteFailed("there is no endpoint to write to")
    for client in tuple(clients):
        try:
            answer = ask(client)
        except ConnectorError as error:
            last = error
            # The next call begins with another endpoint.
            clients.remove(client)
            clients.append(client)
            continue
        return answer
    raise last


def _path(key: str) -> str:
    """Return a key's place in etcd, away from everything that Kubernetes keeps there."""
    return f"/{NAMESPACE}/{key}"


def _config_map(key: str) -> Mapping[str, Any]:
    """Return the smallest object that bears the key."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": key}}


def _post(client: ApiClient, path: str, body: Mapping[str, Any], timeout_s: float, wanted: Collection[int]) -> None:
    """Create an object. Raises RemoteFailed for any status that is not wanted."""
    _checked(client.request("POST", path, timeout_s=timeout_s, body=json.dumps(body).encode()), path, wanted)


def _list_names(client: ApiClient, timeout_s: float) -> set[str]:
    """Return the names of all ConfigMaps of the namespace."""
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    names: set[str] = set()
    query = {"limit": _PAGE}
    while True:
        answer = _checked(client.request("GET", path, timeout_s=timeout_s, query=query), path, {_OK})
        page = json.loads(answer.body)
        items: Sequence[Mapping[str, Any]] = page["items"]
        names |= {item["metadata"]["name"] for item in items}
        following = page["metadata"].get("continue")
        if not following:
            return names
        query = {"limit": _PAGE, "continue": following}


def _checked(answer: HttpAnswer, path: str, wanted: Collection[int]) -> HttpAnswer:
    """Return an answer whose status is wanted. Raises RemoteFailed."""
    if answer.status in wanted:
        return answer
    kind = _NamespaceGone if answer.status == _NOT_FOUND else RemoteFailed
    raise kind(f"the API answered {answer.status}", where=path)
