"""The fields of an inventory file: what each is called, what it may hold, what it means.

Owns the written shape; the schema, the checks and the messages follow from it. Must never fill in a default that
depends on another field (`inventory_yaml` does).
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_core import core_schema

from haops.core.inventory import Become, Layout
from haops.formats.fields import Document, FieldCheck, Label, Seconds, Text, Truth, Whole, checked_text, refused
from haops.formats.runbook_scope import Mistake


@dataclass(frozen=True, slots=True)
class Url(FieldCheck):
    """An address with scheme, host and port: `https://10.90.0.11:2379`."""

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> str:  # noqa: ARG002 - one shape for all
        """Return the address without a slash at its end."""
        text = checked_text(value)
        try:
            parts = urlsplit(text)
            complete = parts.scheme in ("http", "https") and parts.hostname and parts.port
        # urlsplit itself says nothing; asking it for a port that is none does.
        except ValueError:
            complete = None
        if not complete:
            raise refused(Mistake(0, f"{text} is no address", "write https://HOST:PORT"))
        # Paths are put behind it, each with a slash of its own.
        return text.rstrip("/")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": "^https?://[^/]+:[0-9]+/?$"}


@dataclass(frozen=True, slots=True)
class HostPath(FieldCheck):
    """A path on a host; it begins with a slash."""

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> str:  # noqa: ARG002 - one shape for all
        """Return the path."""
        text = checked_text(value)
        if not text.startswith("/"):
            raise refused(Mistake(0, f"{text} is a path on the hosts and must begin with /"))
        return text

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": "^/"}


Port = Annotated[Whole, Field(ge=1, le=65535)]
Address = Annotated[str, Url()]
OnHost = Annotated[str, HostPath()]


class HostDocument(Document):
    """One machine that is reached over SSH."""

    name: Label = Field(description="What the host is called here.")
    address: Text = Field(description="Its IP address, or a name that works when DNS does not.")
    roles: tuple[Label, ...] = Field((), description="What it is: control-plane, etcd, worker, load-balancer, ...")
    zone: Text = Field("", description="The failure zone that it stands in.")
    ssh_name: Text = Field("", description="What ssh_config knows it by, if not its address.")
    port: Port | None = Field(None, description="Its SSH port, if not the one under ssh.")
    user: Text | None = Field(None, description="Its login, if not the one under ssh.")


class SshDocument(Document):
    """How hosts are reached; paths are on the bastion."""

    user: Text | None = Field(None, description="Login; without it ssh_config decides, then your own name.")
    port: Port = Field(22, description="SSH port.")
    keys: tuple[Text, ...] = Field((), description="Private keys to offer.")
    known_hosts: tuple[Text, ...] = Field((), description="Files with the hosts' keys; no other key is accepted.")
    config: Text | None = Field(None, description="An ssh_config file: ProxyJump, names, keys.")
    agent: Truth = Field(True, description="Whether the SSH agent is asked.")  # noqa: FBT003 - a default
    become: Become = Field(Become.NONE, description="How the login becomes root.")
    connect_timeout: Seconds = Field(5.0, description="How long to wait for a host to answer.")


class EtcdMemberDocument(Document):
    """One etcd member."""

    host: Text = Field(description="The host that it runs on.")
    name: Text | None = Field(None, description="What etcd calls it; the host's name if left out.")
    client_url: Address | None = Field(None, description="Where it serves clients; https://ADDRESS:2379 if left out.")
    peer_url: Address | None = Field(None, description="Where it serves peers; https://ADDRESS:2380 if left out.")


class EtcdOnHostDocument(Document):
    """Where etcd's things lie on its hosts; what is left out follows from the layout."""

    ca: OnHost | None = Field(None, description="CA certificate.")
    certificate: OnHost | None = Field(None, description="A client certificate.")
    key: OnHost | None = Field(None, description="Its key.")
    data_directory: OnHost | None = Field(None, description="Data directory; /var/lib/etcd if left out.")
    unit: Text | None = Field(None, description="systemd unit; etcd.service if left out.")
    manifest: OnHost | None = Field(None, description="Static-pod manifest.")
    backup_directory: OnHost | None = Field(None, description="Where snapshots are kept.")


class EtcdDocument(Document):
    """etcd: how the bastion reaches it, and where its things lie on its hosts."""

    ca: Text = Field(description="CA certificate, on the bastion.")
    certificate: Text = Field(description="Client certificate, on the bastion.")
    key: Text = Field(description="Its key, on the bastion.")
    members: tuple[EtcdMemberDocument, ...] = Field(
        (), description="The members; every host with the role etcd if left out."
    )
    on_host: EtcdOnHostDocument = Field(default_factory=EtcdOnHostDocument, description="Paths on the hosts.")


class ApiEndpointDocument(Document):
    """One API server by its own address."""

    host: Text = Field(description="The host that it runs on.")
    name: Text | None = Field(None, description="What it is called here; the host's name if left out.")
    url: Address | None = Field(None, description="Its address; https://ADDRESS:6443 if left out.")


class KubernetesDocument(Document):
    """The API servers, one by one and through their virtual address."""

    kubeconfig: Text = Field(description="Whose credentials and CA are used, on the bastion.")
    context: Text | None = Field(None, description="Its context; the current one if left out.")
    endpoints: tuple[ApiEndpointDocument, ...] = Field(
        (), description="The API servers; every host with the role control-plane if left out."
    )
    virtual: Address | None = Field(None, description="The address that clients use: load balancer or VIP.")


class InventoryDocument(Document):
    """The file."""

    apiVersion: Literal["haops/v1"] = Field(description="The version of this format.")  # noqa: N815 - the key in the file
    kind: Literal["Inventory"] = Field(description="What the file is.")
    cluster: Label = Field(description="The cluster's name; typed to confirm what cannot be undone.")
    layout: Layout = Field(description="kubeadm: etcd as static pods; systemd: etcd as a unit.")
    hosts: Annotated[tuple[HostDocument, ...], Field(min_length=1)] = Field(description="The machines.")
    ssh: SshDocument = Field(default_factory=SshDocument, description="How they are reached.")
    etcd: EtcdDocument | None = Field(None, description="etcd.")
    kubernetes: KubernetesDocument | None = Field(None, description="The Kubernetes API.")
