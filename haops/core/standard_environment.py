"""The variables that every script finds in its environment without asking, and where their values come from.

Owns that list. Values come from the inventory alone; a script that wants anything else names it under `env`.
"""

from collections.abc import Mapping

from haops.core.inventory import EtcdAccess, Inventory

STANDARD_ENVIRONMENT: Mapping[str, str] = {
    "HAOPS_ATTEMPT": "the id of this attempt, 32 hexadecimal digits",
    "HAOPS_SESSION": "the id of the session",
    "HAOPS_STEP": "the id of the step",
    "HAOPS_HOST": "the host's name in the inventory",
    "HOST_ADDRESS": "the host's address in the inventory",
    "LAYOUT": "kubeadm or systemd",
    "ETCD_NAME": "the name of this host's etcd member",
    "ETCD_DATA_DIR": "its data directory",
    "ETCD_CLIENT_URL": "its client URL",
    "ETCD_PEER_URL": "its peer URL",
    "ETCD_INITIAL_CLUSTER": "all members as NAME=PEER_URL,...",
    "ETCD_UNIT": "the systemd unit of etcd",
    "ETCD_MANIFEST": "the static pod manifest of etcd",
    "BACKUP_DIR": "where snapshots are kept on the host",
    "ETCDCTL_API": "3, for old etcdctl",
    "ETCDCTL_ENDPOINTS": "this host's member only",
    "ETCDCTL_CACERT": "the CA on the host",
    "ETCDCTL_CERT": "the client certificate on the host",
    "ETCDCTL_KEY": "its key on the host",
}
"""Variable -> what it holds. Those with ETCD in their name, and BACKUP_DIR, are there on hosts with an etcd member."""


def standard_environment(inventory: Inventory, target: str) -> dict[str, str]:
    """Return the standard variables of a target, but for those that only the running session knows."""
    names = {host.name: host for host in inventory.hosts}
    host = names.get(target)
    environment = {"HAOPS_HOST": target, "LAYOUT": inventory.layout.value}
    if host:
        environment["HOST_ADDRESS"] = host.address
    if inventory.etcd:
        environment |= _etcd_environment(inventory.etcd, target)
    return environment


def _etcd_environment(etcd: EtcdAccess, target: str) -> dict[str, str]:
    """Return what a script on an etcd host finds about its own member and the whole cluster."""
    whole = ",".join(f"{member.name}={member.peer_url}" for member in etcd.members)
    own = next((member for member in etcd.members if member.host == target), None)
    if own is None:
        # A host without a member may still have to name all of them.
        return {"ETCD_INITIAL_CLUSTER": whole}
    return {
        "ETCD_NAME": own.name,
        "ETCD_DATA_DIR": etcd.data_directory,
        "ETCD_CLIENT_URL": own.client_url,
        "ETCD_PEER_URL": own.peer_url,
        "ETCD_INITIAL_CLUSTER": whole,
        "ETCD_UNIT": etcd.unit,
        "ETCD_MANIFEST": etcd.manifest,
        "BACKUP_DIR": etcd.backup_directory,
        "ETCDCTL_API": "3",
        # One member alone: with several etcdctl may change another host's member than is meant.
        "ETCDCTL_ENDPOINTS": own.client_url,
        "ETCDCTL_CACERT": etcd.host_ca,
        "ETCDCTL_CERT": etcd.host_certificate,
        "ETCDCTL_KEY": etcd.host_key,
    }
