"""etcd, one member at a time: python-etcd3 over stubs of our own.

Owns how a member is reached and what its answers mean in the field's words. Must never balance over several members,
retry, or decide anything. grpc is loaded by the first `connect`, not by importing this package.
"""

import os

# grpc writes TLS failures straight to file descriptor 2, which is the screen, unless this stands when it is loaded.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from haops.connectors.etcd.certificates import require_readable
from haops.connectors.seam import EtcdClient
from haops.core.inventory import EtcdAccess, EtcdMemberAddress

__all__ = ["connect"]


def connect(member: EtcdMemberAddress, access: EtcdAccess) -> EtcdClient:
    """Return a client of that member alone; nothing is sent until it is asked something.

    Raises Denied, naming the file, if the CA, the client certificate or its key cannot be used.
    """
    if member.client_url.startswith("https"):
        require_readable(access)
    from haops.connectors.etcd.client import MemberClient  # noqa: PLC0415 - loads grpc, 150 ms

    return MemberClient(member, access)
