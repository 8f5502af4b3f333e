"""Inventories as YAML: bytes in, an inventory out, or every mistake at once with its place.

Owns the defaults that follow from the layout and from the hosts. Must never read a file or the environment: the home
directory is handed over.
"""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from haops.core.inventory import (
    BASTION,
    ApiEndpointAddress,
    EtcdAccess,
    EtcdMemberAddress,
    Host,
    Inventory,
    KubernetesAccess,
    Layout,
    SshAccess,
)
from haops.errors import InventoryError, Problem
from haops.formats.inventory_document import (
    EtcdDocument,
    EtcdMemberDocument,
    InventoryDocument,
    KubernetesDocument,
    SshDocument,
)
from haops.formats.mistakes import distinct, report_mistakes
from haops.formats.suggestions import did_you_mean, nearest
from haops.formats.yaml_places import Path
from haops.formats.yaml_source import YamlSource, read_yaml

# Registered with IANA for etcd (2379, 2380); kube-apiserver listens on 6443 unless told otherwise.
CLIENT_PORT = 2379
PEER_PORT = 2380
API_PORT = 6443
VIRTUAL_NAME = "virtual"

_ON_HOST: Mapping[Layout, Mapping[str, str]] = {
    Layout.KUBEADM: {
        "ca": "/etc/kubernetes/pki/etcd/ca.crt",
        "certificate": "/etc/kubernetes/pki/etcd/healthcheck-client.crt",
        "key": "/etc/kubernetes/pki/etcd/healthcheck-client.key",
    },
    Layout.SYSTEMD: {
        "ca": "/etc/etcd/ssl/ca.pem",
        # In that set-up etcd's own certificate serves clients as well.
        "certificate": "/etc/etcd/ssl/server.pem",
        "key": "/etc/etcd/ssl/server-key.pem",
    },
}
"""Where a client's certificates lie on an etcd host: kubeadm's own places, and those of the usual systemd set-up."""


def parse_inventory(content: bytes, source: str, *, home: str = "~") -> Inventory:
    """Return the inventory that a file holds. Raises InventoryError with every mistake that was found.

    Relative paths are relative to `source`; `~/` becomes `home`.
    """
    written = read_yaml(content, source)
    document = _document(written) if written.value is not None else None
    if document is None or written.problems:
        raise _refusal(written)
    return _Builder(document, posixpath.dirname(source), home).inventory(source, hashlib.sha256(content).hexdigest())


def lint_inventory(content: bytes, source: str) -> tuple[Problem, ...]:
    """Return every mistake in an inventory file, in the order of the file."""
    try:
        parse_inventory(content, source)
    except InventoryError as error:
        return error.problems
    return ()


def _refusal(source: YamlSource) -> InventoryError:
    """Return the error with every mistake once, in the order of the file."""
    if not source.problems:
        source.report((), "the file is empty", "docs/inventory.md shows one")
    problems = distinct(source.problems)
    count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return InventoryError(f"the inventory has {count}", where=source.file, problems=problems)


def _document(source: YamlSource) -> InventoryDocument | None:
    """Return the validated file, or None; mistakes are noted in both cases."""
    # On what is written: a mistake in form elsewhere must not silence these.
    found = (*_repeated_hosts(source), *_taken_names(source), *_unknown_hosts(source), *_nobody(source))
    for path, message, remedy in found:
        source.report(path, message, remedy)
    try:
        return InventoryDocument.model_validate(source.value)
    except ValidationError as error:
        report_mistakes(source, (), InventoryDocument, error)
        return None


_Broken = tuple[Path, str, str]


def _hosts(source: YamlSource) -> dict[int, dict[str, Any]]:
    """Return the mappings under `hosts`, by position."""
    written = source.get(("hosts",))
    entries = enumerate(written if isinstance(written, list) else [])
    return {index: entry for index, entry in entries if isinstance(entry, dict)}


def _repeated_hosts(source: YamlSource) -> Iterator[_Broken]:
    """Yield names and addresses that an earlier host has already."""
    for key in ("name", "address"):
        first: dict[str, int] = {}
        for index, host in _hosts(source).items():
            value = str(host.get(key))
            if key in host and first.setdefault(value, index) != index:
                line = source.places.of(("hosts", first[value], key)).line
                yield ("hosts", index, key), f"another host has the {key} {value}", f"it is in line {line}"


def _taken_names(source: YamlSource) -> Iterator[_Broken]:
    """Yield hosts whose name means this machine: what is meant for them would run here, without SSH."""
    for index, host in _hosts(source).items():
        if host.get("name") == BASTION:
            yield ("hosts", index, "name"), f"{BASTION} means the machine that haops runs on", "give it another name"


def _unknown_hosts(source: YamlSource) -> Iterator[_Broken]:
    """Yield members and endpoints that stand on a host that is not in the file."""
    known = [str(host.get("name")) for host in _hosts(source).values()]
    for above in (("etcd", "members"), ("kubernetes", "endpoints")):
        written = source.get(above)
        for index, entry in enumerate(written if isinstance(written, list) else []):
            name = entry.get("host") if isinstance(entry, dict) else None
            if isinstance(name, str) and name not in known:
                yield (*above, index, "host"), f"no host is called {name}", did_you_mean(name, known)


def _nobody(source: YamlSource) -> Iterator[_Broken]:
    """Yield sections that name nobody, when no host has the role that would stand in for it."""
    roles = {str(role) for host in _hosts(source).values() for role in _listed(host.get("roles"))}
    for section, below, role in (("etcd", "members", "etcd"), ("kubernetes", "endpoints", "control-plane")):
        written = source.get((section,))
        # An empty list is as good as none: both mean the hosts with the role.
        if isinstance(written, dict) and not written.get(below) and role not in roles:
            alike = nearest(role, roles)
            remedy = f"is the role {alike} meant to be {role}?" if alike else f"give a host the role {role}"
            yield (section,), f"no host has the role {role}, and no {below} are named", remedy


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class _Builder:
    """Turns a validated file into an inventory."""

    document: InventoryDocument
    directory: str
    home: str

    def inventory(self, source: str, digest: str) -> Inventory:
        """Return the inventory."""
        written = self.document
        return Inventory(
            cluster=written.cluster,
            layout=written.layout,
            hosts=tuple(Host(**host.model_dump()) for host in written.hosts),
            ssh=self._ssh(written.ssh),
            etcd=self._etcd(written.etcd) if written.etcd else None,
            kubernetes=self._kubernetes(written.kubernetes) if written.kubernetes else None,
            source=source,
            digest=digest,
        )

    def _path(self, written: str) -> str:
        """Return a path on the bastion, absolute if the file's own path is."""
        if written == "~" or written.startswith("~/"):
            return self.home + written[1:]
        return posixpath.normpath(posixpath.join(self.directory, written))

    def _ssh(self, written: SshDocument) -> SshAccess:
        return SshAccess(
            user=written.user,
            port=written.port,
            keys=tuple(self._path(key) for key in written.keys),
            known_hosts=tuple(self._path(file) for file in written.known_hosts),
            config_file=self._path(written.config) if written.config else None,
            use_agent=written.agent,
            become=written.become,
            connect_timeout_s=written.connect_timeout,
        )

    def _etcd(self, written: EtcdDocument) -> EtcdAccess:
        """Return how etcd is reached; what is not written follows from the layout and the hosts' roles."""
        on_host = {**_ON_HOST[self.document.layout], **written.on_host.model_dump(exclude_none=True)}
        members = written.members or tuple(EtcdMemberDocument(host=name) for name in self._with_role("etcd"))
        return EtcdAccess(
            members=tuple(self._member(member) for member in members),
            ca=self._path(written.ca),
            certificate=self._path(written.certificate),
            key=self._path(written.key),
            host_ca=on_host.pop("ca"),
            host_certificate=on_host.pop("certificate"),
            host_key=on_host.pop("key"),
            **on_host,
        )

    def _member(self, written: EtcdMemberDocument) -> EtcdMemberAddress:
        return EtcdMemberAddress(
            name=written.name or written.host,
            host=written.host,
            client_url=written.client_url or self._url(written.host, CLIENT_PORT),
            peer_url=written.peer_url or self._url(written.host, PEER_PORT),
        )

    def _kubernetes(self, written: KubernetesDocument) -> KubernetesAccess:
        """Return how the API is reached: each server, and then their common address."""
        named = [(endpoint.host, endpoint.name, endpoint.url) for endpoint in written.endpoints]
        each = named or [(name, None, None) for name in self._with_role("control-plane")]
        endpoints = [
            ApiEndpointAddress(name=name or host, host=host, url=url or self._url(host, API_PORT))
            for host, name, url in each
        ]
        if written.virtual:
            # Last: who asks the servers in turn comes to it only when none of them answers.
            endpoints.append(ApiEndpointAddress(name=VIRTUAL_NAME, host="", url=written.virtual, virtual=True))
        return KubernetesAccess(
            kubeconfig=self._path(written.kubeconfig), context=written.context, endpoints=tuple(endpoints)
        )

    def _with_role(self, role: str) -> list[str]:
        return [host.name for host in self.document.hosts if role in host.roles]

    def _url(self, host: str, port: int) -> str:
        """Return the usual address of a service on a host."""
        # There is one: a member on an unknown host was refused before (`_unknown_hosts`).
        address = next(entry.address for entry in self.document.hosts if entry.name == host)
        # An IPv6 address stands in brackets (RFC 3986, section 3.2.2).
        return f"https://[{address}]:{port}" if ":" in address else f"https://{address}:{port}"
