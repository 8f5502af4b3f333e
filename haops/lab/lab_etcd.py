"""What a drill asks of the lab's etcd before it breaks it: who leads, and a snapshot to fall back on.

Must never be used once a fault is in effect: the runbook's own steps look then.
"""

from haops.connectors.etcd import connect
from haops.core.inventory import EtcdAccess, Inventory
from haops.errors import ConnectorError, LabError

_TIMEOUT_S = 5.0
_SNAPSHOT_TIMEOUT_S = 120.0


def leading_host(inventory: Inventory) -> str:
    """Return the host whose member leads. Raises LabError if no member says that it does."""
    access = _access(inventory)
    for member in access.members:
        client = connect(member, access)
        try:
            status = client.status(timeout_s=_TIMEOUT_S)
        except ConnectorError:
            continue
        finally:
            client.close()
        if status.leader_id and status.leader_id == status.member_id:
            return member.host
    raise LabError("no etcd member leads", where=inventory.cluster, remedy="haops lab status")


def save_snapshot(inventory: Inventory, path: str) -> int:
    """Save a snapshot of the first member and return its size in bytes. Raises a ConnectorError."""
    access = _access(inventory)
    client = connect(access.members[0], access)
    try:
        return client.snapshot(path, timeout_s=_SNAPSHOT_TIMEOUT_S)
    finally:
        client.close()


def _access(inventory: Inventory) -> EtcdAccess:
    """Return how etcd is reached. Raises LabError for a cluster without."""
    if inventory.etcd is None:
        raise LabError("this inventory has no etcd", where=inventory.source)
    return inventory.etcd
