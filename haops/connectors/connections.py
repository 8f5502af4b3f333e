"""Every connection of one session: made when first asked for, kept, dropped together.

Owns which connector serves which name of the inventory. Imports each connector when it is first needed, so that the
first screen need not wait for libraries. Must never hold a policy.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from haops.connectors.seam import ApiClient, EtcdClient, HttpAnswer, Shell
from haops.connectors.secrets import SecretKeeper, SecretPrompt, nobody
from haops.core.inventory import BASTION, Inventory
from haops.errors import ConnectorError, InventoryError

if TYPE_CHECKING:
    from haops.connectors.ssh.routes import Routes


class _Closable(Protocol):
    def close(self) -> None:
        """Drop the connection."""


_Kept = TypeVar("_Kept", bound=_Closable)


class InventoryConnections:
    """The Connections of an inventory. Safe to use from many threads.

    `secrets` asks the operator for passphrases and passwords; `local_attempts` is where the bastion keeps its attempts.
    """

    def __init__(
        self, inventory: Inventory, *, secrets: SecretPrompt = nobody, local_attempts: Path | None = None
    ) -> None:
        self._inventory = inventory
        self._secrets = SecretKeeper(secrets)
        self._local_attempts = local_attempts or usual_local_attempts()
        self._lock = threading.RLock()
        self._routes: Routes | None = None
        self._shells: dict[str, Shell] = {}
        self._etcd: dict[str, EtcdClient] = {}
        self._apis: dict[str, ApiClient] = {}

    @property
    def inventory(self) -> Inventory:
        """The inventory that says where everything is."""
        return self._inventory

    def shell(self, host: str) -> Shell:
        """Return the kept shell of a host, by its inventory name; `local` is the bastion. Raises InventoryError."""
        return self._kept(self._shells, host, self._make_shell)

    def etcd(self, member: str) -> EtcdClient:
        """Return the client of one member, by its name in the inventory. Raises InventoryError."""
        return self._kept(self._etcd, member, self._make_etcd)

    def api(self, endpoint: str) -> ApiClient:
        """Return the client of one API endpoint, by its name in the inventory. Raises InventoryError."""
        return self._kept(self._apis, endpoint, self._make_api)

    def http(self, url: str, *, timeout_s: float) -> HttpAnswer:
        """GET a URL once, without credentials, proxies or redirects."""
        from haops.connectors.http import get  # noqa: PLC0415 - imported when first needed

        return get(url, timeout_s=timeout_s)

    def close(self) -> None:
        """Drop all of them; a connection that cannot be closed properly keeps none of the others."""
        with self._lock:
            self._close_all(self._shells)
            self._close_all(self._etcd)
            self._close_all(self._apis)
            # Last: hosts behind a jump host are left through it.
            if self._routes is not None:
                self._routes.close()
                self._routes = None

    def _kept(self, table: dict[str, _Kept], name: str, make: Callable[[str], _Kept]) -> _Kept:
        # Without the lock: making a client may take a second, which must not hold up who asks for one that is there.
        found = table.get(name)
        if found is not None:
            return found
        with self._lock:
            if name not in table:
                table[name] = make(name)
            return table[name]

    def _close_all(self, table: Mapping[str, _Closable]) -> None:
        for kept in table.values():
            with contextlib.suppress(ConnectorError):
                kept.close()

    def _make_shell(self, name: str) -> Shell:
        if name == BASTION:
            from haops.connectors.local import local_shell  # noqa: PLC0415 - imported when first needed

            return local_shell(self._local_attempts)
        from haops.connectors.ssh.hosts import host_shell  # noqa: PLC0415 - imports paramiko
        from haops.connectors.ssh.routes import Routes  # noqa: PLC0415 - imports paramiko

        host = next((host for host in self._inventory.hosts if host.name == name), None)
        if host is None:
            raise self._not_there("host", name)
        if self._routes is None:
            self._routes = Routes(self._inventory.ssh, self._secrets)
        return host_shell(host, self._inventory.ssh, self._secrets, self._routes)

    def _make_etcd(self, name: str) -> EtcdClient:
        from haops.connectors.etcd import connect  # noqa: PLC0415 - imports grpc

        access = self._inventory.etcd
        member = next((member for member in access.members if member.name == name), None) if access else None
        if access is None or member is None:
            raise self._not_there("etcd member", name)
        return connect(member, access)

    def _make_api(self, name: str) -> ApiClient:
        from haops.connectors.kubernetes import connect  # noqa: PLC0415 - imports kubernetes

        access = self._inventory.kubernetes
        endpoint = next((endpoint for endpoint in access.endpoints if endpoint.name == name), None) if access else None
        if access is None or endpoint is None:
            raise self._not_there("API endpoint", name)
        return connect(endpoint, access)

    def _not_there(self, what: str, name: str) -> InventoryError:
        return InventoryError(
            f"there is no {what} {name!r}",
            where=self._inventory.source or self._inventory.cluster,
            remedy="correct the inventory",
        )


def usual_local_attempts() -> Path:
    """Return where the bastion keeps its own attempts: under the user's state directory."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    # The specification has a relative one ignored; `runtime.paths`, which no connector may import, does the same.
    state = given if given.is_absolute() else Path("~/.local/state").expanduser()
    return state / "haops" / "attempts"
