"""The typed reads of the panes: readiness, version, leases, nodes.

Owns which fields of which objects haops looks at; everything else in an answer is passed over unread, which is what
makes a list of thousands of nodes cheap. Must never keep anything between two calls.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from haops.connectors.seam import ApiClient, HttpAnswer
from haops.errors import Denied, RemoteFailed

# As kubectl asks for it; all of 5,000 nodes at once are 44 MB.
_PAGE = 500
_MAX_PAGES = 200
"""Twenty times the largest cluster that Kubernetes is built for; a server that goes on has lost count."""
_MAX_REASON = 300
_OK = 200
_UNAUTHORIZED = (401, 403)


class Meta(msgspec.Struct, frozen=True):
    """Metadata of an object."""

    name: str = ""
    # msgspec gives each object a new one: an empty default is not shared.
    labels: dict[str, str] = {}


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Who holds a lease, and since when it is renewed."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    # One without a zone could not be compared with this machine's time.
    renew_time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class LeaseObject(msgspec.Struct, frozen=True):
    """A coordination.k8s.io Lease."""

    metadata: Meta
    spec: LeaseSpec = LeaseSpec()


class Condition(msgspec.Struct, frozen=True):
    """One condition of a node."""

    type: str = ""
    status: str = "Unknown"
    reason: str = ""


class NodeSpec(msgspec.Struct, frozen=True):
    """What a node was told."""

    unschedulable: bool = False


class NodeSystem(msgspec.Struct, frozen=True, rename="camel"):
    """What a node says of its software."""

    kubelet_version: str = ""


class NodeStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What a node reported last."""

    conditions: tuple[Condition, ...] = ()
    node_info: NodeSystem = NodeSystem()


class NodeObject(msgspec.Struct, frozen=True):
    """A v1 Node."""

    metadata: Meta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class _ListMeta(msgspec.Struct, frozen=True, rename={"continued": "continue"}):
    continued: str = ""


class _LeaseList(msgspec.Struct, frozen=True):
    items: tuple[LeaseObject, ...] = ()


class _NodeList(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: tuple[NodeObject, ...] = ()


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    git_version: str = ""


class _Status(msgspec.Struct, frozen=True):
    message: str = ""


class Readiness(msgspec.Struct, frozen=True):
    """The answer of /readyz?verbose; `failed_checks` are the names behind [-]."""

    http_status: int
    failed_checks: tuple[str, ...]
    duration_s: float


T = TypeVar("T")


def readyz(api: ApiClient, *, timeout_s: float, exclude: tuple[str, ...] = ()) -> Readiness:
    """Return whether this API server is ready and, if not, which of its checks fail; `exclude` are left out."""
    # Verbose, because the plain answer to a failure names no check.
    answer = api.request("GET", f"/readyz?verbose{_excluding(exclude)}", timeout_s=timeout_s)
    return Readiness(answer.status, tuple(_failed_checks(answer.body)), answer.duration_s)


def livez(api: ApiClient, *, timeout_s: float, exclude: tuple[str, ...] = ()) -> bool:
    """Return whether this API server calls itself alive; the checks in `exclude` are left out."""
    return api.request("GET", f"/livez?verbose{_excluding(exclude)}", timeout_s=timeout_s).status == _OK


def version(api: ApiClient, *, timeout_s: float) -> str:
    """Return the version of this API server ("v1.36.3")."""
    answer = api.request("GET", "/version", timeout_s=timeout_s)
    return _decoded(answer, _Version, "/version").git_version


def leases(api: ApiClient, namespace: str, *, timeout_s: float) -> tuple[tuple[LeaseObject, ...], str]:
    """Return the leases of a namespace and the answer's Date header (empty if there is none)."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    answer = api.request("GET", path, timeout_s=timeout_s)
    return _decoded(answer, _LeaseList, path).items, answer.headers.get("date", "")


def nodes(api: ApiClient, *, timeout_s: float) -> Iterator[NodeObject]:
    """Yield every node, page by page; `timeout_s` holds for each page."""
    # A server that always names a next page must not keep the observer for ever.
    query = {"limit": str(_PAGE)}
    for _ in range(_MAX_PAGES):
        answer = api.request("GET", "/api/v1/nodes", timeout_s=timeout_s, query=query)
        page = _decoded(answer, _NodeList, "/api/v1/nodes")
        yield from page.items
        if not page.metadata.continued:
            return
        query = {"limit": str(_PAGE), "continue": page.metadata.continued}
    raise RemoteFailed(f"its list of nodes has no end after {_MAX_PAGES} pages", where="GET /api/v1/nodes")


def _excluding(checks: tuple[str, ...]) -> str:
    """Return the part of a query that leaves checks out."""
    return "".join(f"&exclude={check}" for check in checks)


def _failed_checks(body: bytes) -> Iterator[str]:
    """Yield the names of the checks that the verbose text marks as failed."""
    for line in body.decode(errors="replace").splitlines():
        if line.startswith("[-]"):
            yield line[3:].split(" ", 1)[0]


def _decoded(answer: HttpAnswer, kind: type[T], path: str) -> T:
    """Return the answer as a value; RemoteFailed if it is none, Denied if we may not see it."""
    where = f"GET {path}"
    if answer.status in _UNAUTHORIZED:
        raise Denied(f"HTTP {answer.status} {_reason(answer)}".rstrip(), where=where, remedy="use another kubeconfig")
    if answer.status != _OK:
        raise RemoteFailed(f"HTTP {answer.status} {_reason(answer)}".rstrip(), where=where)
    try:
        return msgspec.json.decode(answer.body, type=kind)
    # For nesting that is too deep msgspec raises RecursionError, which is none of its own errors.
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RemoteFailed(f"not an answer of Kubernetes: {error}", where=where) from None


def _reason(answer: HttpAnswer) -> str:
    """Return the message of a Status object, or nothing."""
    try:
        return msgspec.json.decode(answer.body, type=_Status).message[:_MAX_REASON]
    except (msgspec.MsgspecError, RecursionError):
        return ""
