"""Connections to real servers for observers: etcd and API servers as given, hosts as shells on this machine."""

import subprocess
import time
from collections.abc import Mapping

from haops.connectors import etcd, http, kubernetes
from haops.connectors.seam import ApiClient, CommandResult, EtcdClient, HttpAnswer
from haops.core.inventory import Inventory
from haops.errors import ConnectFailed, TimedOut


class ScriptShell:
    """The reading half of `seam.Shell`: a real sh on this machine, with nothing in its environment but what is told."""

    def __init__(self, path: str = "/usr/bin:/bin:/usr/sbin:/sbin", program: str = "sh") -> None:
        self.path = path
        self.program = program
        self.broken = False

    def run(self, script: str, *, environment: Mapping[str, str] | None = None, timeout_s: float) -> CommandResult:
        """Run a script and wait for its end."""
        if self.broken:
            raise ConnectFailed("refused")
        started_s = time.monotonic()
        try:
            done = subprocess.run(
                [self.program, "-c", script],
                env={"PATH": self.path, **(environment or {})},
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOut(f"timed out {timeout_s:.1f} s") from None
        duration_s = time.monotonic() - started_s
        return CommandResult(exit_status=done.returncode, stdout=done.stdout, stderr=done.stderr, duration_s=duration_s)


class RealConnections:
    """A `seam.Connections` whose clients are made when first needed."""

    def __init__(self, inventory: Inventory, shells: Mapping[str, ScriptShell] | None = None) -> None:
        self.inventory = inventory
        self.shells = shells or {}
        self._etcd: dict[str, EtcdClient] = {}
        self._api: dict[str, ApiClient] = {}

    def shell(self, host: str) -> ScriptShell:
        """Return the host's shell."""
        return self.shells[host]

    def etcd(self, member: str) -> EtcdClient:
        """Return the member's client."""
        access = self.inventory.etcd
        assert access
        if member not in self._etcd:
            address = next(each for each in access.members if each.name == member)
            self._etcd[member] = etcd.connect(address, access)
        return self._etcd[member]

    def api(self, endpoint: str) -> ApiClient:
        """Return the endpoint's client."""
        access = self.inventory.kubernetes
        assert access
        if endpoint not in self._api:
            address = next(each for each in access.endpoints if each.name == endpoint)
            self._api[endpoint] = kubernetes.connect(address, access)
        return self._api[endpoint]

    def http(self, url: str, *, timeout_s: float) -> HttpAnswer:
        """GET a URL."""
        return http.get(url, timeout_s=timeout_s)

    def close(self) -> None:
        """Drop all of them."""
        for client in (*self._etcd.values(), *self._api.values()):
            client.close()
