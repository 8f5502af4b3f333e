"""python-etcd3, loaded over our own stubs and tuned.

Owns the order in which things must be loaded and the channel's options. Must never be imported for anything but a
connection: it brings grpc with it. No other etcd library may be loaded in the same process, it would register the same
messages again.
"""

import sys
from typing import Any
from urllib.parse import urlsplit

from haops.connectors.etcd import rpc as generated
from haops.core.inventory import EtcdAccess, EtcdMemberAddress

# The stubs that python-etcd3 carries do not load on current protobuf and lack half of the fields.
sys.modules["etcd3.etcdrpc"] = generated

import etcd3  # noqa: E402 - after our stubs stand where it looks for its own

rpc: Any = generated
"""etcd's messages. Their names are made when the module is loaded, so no type checker knows them."""

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    # Of these three the one that notices a frozen member: 8 to 13 s instead of 70.
    ("grpc.http2.ping_timeout_ms", 3_000),
    # The default back-off notices a member's return only 18 s after an outage of 45 s.
    ("grpc.initial_reconnect_backoff_ms", 250),
    # How long a TLS handshake may take, so not shorter.
    ("grpc.min_reconnect_backoff_ms", 3_000),
    # A restored member is asked at once when it is there; one that is gone refuses at next to no cost.
    ("grpc.max_reconnect_backoff_ms", 300),
    # What may change something is sent once.
    ("grpc.enable_retries", 0),
    # A client per member: never another's connection, nor its back-off.
    ("grpc.use_local_subchannel_pool", 1),
    # Else $https_proxy takes the members' traffic: members are reached directly or not at all.
    ("grpc.enable_http_proxy", 0),
    # The default of 4 MB would refuse answers that etcd itself allows.
    ("grpc.max_receive_message_length", -1),
)


def open_client(member: EtcdMemberAddress, access: EtcdAccess) -> Any:
    """Return python-etcd3's client of the member; it connects when it is first asked. The files must be readable."""
    url = urlsplit(member.client_url)
    host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname
    secure = url.scheme == "https"
    return etcd3.client(
        host=host,
        port=url.port or 2379,
        ca_cert=access.ca if secure else None,
        cert_cert=access.certificate if secure else None,
        cert_key=access.key if secure else None,
        grpc_options=CHANNEL_OPTIONS,
    )
