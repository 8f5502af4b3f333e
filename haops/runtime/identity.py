"""Which cluster this is: what is pinned when a runbook is taken up. Owns the reading of it from a picture."""

from haops.core.facts import derive
from haops.core.inventory import Inventory
from haops.core.observations import Picture


def identity_of(inventory: Inventory, picture: Picture) -> dict[str, str]:
    """Return the cluster's name, its etcd cluster id (if members agree on one), and its members and hosts."""
    members = inventory.etcd.members if inventory.etcd else ()
    found = {
        "cluster": inventory.cluster,
        # Made from the members' URLs and the token: it changes whenever a cluster is formed anew.
        "etcd_cluster_id": str(derive(picture, inventory).get("etcd.cluster_id", "")),
        "etcd_members": " ".join(f"{member.name}={member.peer_url}" for member in members),
        "hosts": " ".join(f"{host.name}={host.address}" for host in inventory.hosts),
    }
    return {name: value for name, value in found.items() if value}
