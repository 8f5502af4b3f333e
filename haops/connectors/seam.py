"""The connector seam: what the rest of haops may ask of other systems.

Owns the protocols and result types behind which real connectors and fakes stand alike. Must never reach anything.
Every call has its own deadline and raises only `ConnectorError`s; what is behind the seam never prints.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from haops.core.inventory import Inventory
from haops.core.observations import EtcdMember


class RemoteState(StrEnum):
    """What an attempt's own directory on the host says about it."""

    ABSENT = "absent"
    """No claim: it never began there."""
    CLAIMED = "claimed"
    """Claimed, but the script was not started."""
    RUNNING = "running"
    DONE = "done"
    """Ended; the exit status is known."""
    LOST = "lost"
    """Started, not alive any more, no exit status."""
    REBOOTED = "rebooted"
    """The host was booted since it was claimed, and there is no exit status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt to run a script: exactly this text with exactly this environment.

    `attempt_id` is 32 hexadecimal digits. `sequence` and `head` are the journal's place and head at the intent, kept on
    the host as a witness. `secrets` are values for the environment that must not be written down anywhere. `recorded`
    are earlier attempts on this host whose results are in the journal: the host may remove them once they are old.
    """

    attempt_id: str
    script: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    session_id: str = ""
    sequence: int = 0
    head: str = ""
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a plain command ended. `exit_status` is None when the other side sent none: then the outcome is unknown."""

    exit_status: int | None
    stdout: bytes
    stderr: bytes
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptReport:
    """What is known about an attempt. Output beyond the connector's limit is cut; `dropped_bytes` says how much."""

    state: RemoteState
    exit_status: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    dropped_bytes: int = 0
    boot_id: str = ""
    pid: int | None = None
    duration_s: float | None = None


OutputListener = Callable[[bytes], None]
"""Called from the connector's thread with each new piece of output."""


class Shell(Protocol):
    """A place where scripts run: a host over SSH, or the bastion itself."""

    def open(self) -> None:
        """Connect now, if not connected. Raises ConnectFailed, TimedOut or Denied."""

    def run(self, script: str, *, environment: Mapping[str, str] | None = None, timeout_s: float) -> CommandResult:
        """Run a script that only reads, on the open connection, as root where the inventory says how.

        Raises ConnectFailed (nothing was asked), ConnectionLost or TimedOut.
        """

    def launch(
        self, order: Order, *, timeout_s: float, on_accepted: Callable[[], None], on_output: OutputListener
    ) -> AttemptReport:
        """Run the order detached, at most once per attempt id, and wait for its end.

        `on_accepted` is called when the host has claimed it. Raises ConnectFailed if nothing was sent, ConnectionLost
        if the link broke afterwards, TimedOut when no longer waiting: the script may go on.
        """

    def probe(self, attempt_id: str, *, timeout_s: float) -> AttemptReport:
        """Say what the attempt's directory on the host tells. Changes nothing."""

    def cancel(self, attempt_id: str, *, timeout_s: float) -> None:
        """Ask the attempt's process group to end (TERM, then KILL). The probe tells whether it did."""

    def put_file(self, local_path: str, remote_path: str, *, timeout_s: float) -> str:
        """Copy a file there (mode 0600, complete or not at all) and return its SHA-256 as hexadecimal text."""

    def get_file(self, remote_path: str, local_path: str, *, timeout_s: float) -> str:
        """Copy a file here (mode 0600, complete or not at all) and return its SHA-256 as hexadecimal text."""

    def close(self) -> None:
        """Drop the connection. What runs there goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEntry:
    """One line of etcd's member list. An unstarted member has an empty name."""

    member_id: str
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    is_learner: bool


class EtcdClient(Protocol):
    """One etcd member, never a balancer over several. Works without quorum unless it says otherwise."""

    def status(self, *, timeout_s: float) -> EtcdMember:
        """Return Maintenance.Status, and how many members it knows; its hash is another question (`hash_at`)."""

    def hash_at(self, revision: int, *, timeout_s: float) -> tuple[int, int]:
        """Return (hash, compact_revision) of HashKV at a revision."""

    def members(self, *, timeout_s: float, linearizable: bool = False) -> tuple[MemberEntry, ...]:
        """Return the member list as this member knows it; a linearizable one needs quorum."""

    def snapshot(self, path: str, *, timeout_s: float) -> int:
        """Stream a snapshot into a file (mode 0600), verify its trailing SHA-256, return its size in bytes."""

    def call(self, name: str, arguments: Mapping[str, Any], *, timeout_s: float) -> Mapping[str, Any]:
        """Make a changing call by etcdctl's own words ("member remove", "move-leader", "alarm disarm", ...)."""

    def put(self, key: str, value: str, *, timeout_s: float) -> int:
        """Write one key through raft and return its revision."""

    def get(self, key: str, *, timeout_s: float) -> str | None:
        """Read one key linearizably."""

    def close(self) -> None:
        """Drop the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An HTTP answer, its body cut at the connector's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    duration_s: float


class ApiClient(Protocol):
    """One API server by its own address, with the kubeconfig's credentials. Sends every request exactly once."""

    def request(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: bytes | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one request. Raises ConnectFailed, TimedOut, Denied or ConnectionLost; an HTTP error is an answer."""

    def close(self) -> None:
        """Drop the connections."""


class Connections(Protocol):
    """Every connection of one session, made when first needed and kept."""

    @property
    def inventory(self) -> Inventory:
        """The inventory that says where everything is."""

    def shell(self, host: str) -> Shell:
        """Return the kept shell of a host, by its name in the inventory; `local` is the bastion."""

    def etcd(self, member: str) -> EtcdClient:
        """Return the client of one member, by its name in the inventory."""

    def api(self, endpoint: str) -> ApiClient:
        """Return the client of one API endpoint, by its name in the inventory."""

    def http(self, url: str, *, timeout_s: float) -> HttpAnswer:
        """GET a URL once, without credentials, proxies or redirects."""

    def close(self) -> None:
        """Drop all of them."""
