import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haops.core.inventory import ApiEndpointAddress, Become, EtcdMemberAddress, Inventory, Layout
from haops.errors import InventoryError
from haops.formats.inventory_yaml import lint_inventory, parse_inventory

HOSTS = """\
hosts:
  - {name: cp1, address: 10.90.0.11, roles: [control-plane, etcd], zone: a}
  - {name: cp2, address: "fd00::12", roles: [control-plane, etcd], zone: b, port: 2222, user: admin, ssh_name: two}
  - {name: worker1, address: 10.90.0.21, roles: [worker]}
"""
HEAD = "apiVersion: haops/v1\nkind: Inventory\ncluster: prod-eu\n"
EXAMPLE = (
    HEAD
    + "layout: kubeadm\n"
    + HOSTS
    + """\
ssh: {user: root, keys: [~/.ssh/id, keys/k], known_hosts: [/etc/kh], become: sudo-password, connect_timeout: 2s}
etcd: {ca: pki/ca.crt, certificate: pki/c.crt, key: pki/../c.key, on_host: {data_directory: /data/etcd}}
kubernetes: {kubeconfig: ~/.kube/config, context: admin, virtual: "https://10.90.0.10:6443/"}
"""
)


def parse(text: str) -> Inventory:
    """Return the inventory of a file in /etc/haops."""
    return parse_inventory(text.encode(), "/etc/haops/prod.yaml", home="/home/me")


def mistakes(text: str) -> list[str]:
    """Return the problems of a file, one line each."""
    with pytest.raises(InventoryError) as caught:
        parse_inventory(text.encode(), "i.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_hosts_keep_what_the_file_says() -> None:
    """Names, addresses, roles, zones and their own ways in arrive as values."""
    inventory = parse(EXAMPLE)
    assert (inventory.cluster, inventory.layout) == ("prod-eu", Layout.KUBEADM)
    assert [host.name for host in inventory.with_role("etcd")] == ["cp1", "cp2"]
    second = inventory.host("cp2")
    assert (second.port, second.user, second.ssh_name, second.zone) == (2222, "admin", "two", "b")


def test_paths_on_the_bastion_are_from_the_file() -> None:
    """A relative path means the same wherever haops is started; ~ is the home directory that was handed over."""
    inventory = parse(EXAMPLE)
    assert inventory.ssh.keys == ("/home/me/.ssh/id", "/etc/haops/keys/k")
    assert inventory.ssh.known_hosts == ("/etc/kh",)
    assert inventory.etcd is not None
    assert (inventory.etcd.ca, inventory.etcd.key) == ("/etc/haops/pki/ca.crt", "/etc/haops/c.key")
    assert inventory.kubernetes is not None
    assert inventory.kubernetes.kubeconfig == "/home/me/.kube/config"


def test_ssh_settings() -> None:
    """How to log in and to become root; what is left out has a default."""
    ssh = parse(EXAMPLE).ssh
    assert (ssh.user, ssh.port, ssh.become, ssh.connect_timeout_s) == ("root", 22, Become.SUDO_PASSWORD, 2.0)
    assert ssh.use_agent
    assert ssh.config_file is None


def test_members_follow_from_the_roles() -> None:
    """Without a list of members every host with the role etcd is one, on etcd's usual ports."""
    etcd = parse(EXAMPLE).etcd
    assert etcd is not None
    assert etcd.members == (
        EtcdMemberAddress(
            name="cp1", host="cp1", client_url="https://10.90.0.11:2379", peer_url="https://10.90.0.11:2380"
        ),
        EtcdMemberAddress(
            name="cp2", host="cp2", client_url="https://[fd00::12]:2379", peer_url="https://[fd00::12]:2380"
        ),
    )


def test_members_can_be_named() -> None:
    """A member may be called otherwise than its host, and serve elsewhere."""
    members = "members: [{host: cp1, name: infra0, client_url: 'https://10.0.0.1:12379'}]"
    etcd = parse(EXAMPLE.replace("on_host: {data_directory: /data/etcd}", members)).etcd
    assert etcd is not None
    (member,) = etcd.members
    assert (member.name, member.client_url) == ("infra0", "https://10.0.0.1:12379")
    assert member.peer_url == "https://10.90.0.11:2380"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("kubeadm", ("/etc/kubernetes/pki/etcd/ca.crt", "/etc/kubernetes/pki/etcd/healthcheck-client.key")),
        ("systemd", ("/etc/etcd/ssl/ca.pem", "/etc/etcd/ssl/server-key.pem")),
    ],
)
def test_paths_on_the_hosts_follow_from_the_layout(layout: str, expected: tuple[str, str]) -> None:
    """What is not said about the hosts is where the layout puts it; what is said wins."""
    etcd = parse(EXAMPLE.replace("layout: kubeadm", f"layout: {layout}")).etcd
    assert etcd is not None
    assert (etcd.host_ca, etcd.host_key) == expected
    assert etcd.data_directory == "/data/etcd"
    assert etcd.unit == "etcd.service"


def test_api_servers_follow_from_the_roles() -> None:
    """Every control-plane host is asked on its own; the virtual address comes last and belongs to no host."""
    kubernetes = parse(EXAMPLE).kubernetes
    assert kubernetes is not None
    assert kubernetes.endpoints == (
        ApiEndpointAddress(name="cp1", host="cp1", url="https://10.90.0.11:6443"),
        ApiEndpointAddress(name="cp2", host="cp2", url="https://[fd00::12]:6443"),
        ApiEndpointAddress(name="virtual", host="", url="https://10.90.0.10:6443", virtual=True),
    )


def test_api_servers_can_be_named() -> None:
    """An endpoint may have another name and address than its host."""
    named = "kubernetes: {kubeconfig: k, endpoints: [{host: cp2, name: second, url: 'https://b:7443'}]}"
    kubernetes = parse(EXAMPLE.partition("kubernetes:")[0] + named).kubernetes
    assert kubernetes is not None
    assert kubernetes.endpoints == (ApiEndpointAddress(name="second", host="cp2", url="https://b:7443"),)


def test_a_cluster_without_kubernetes_is_an_inventory_too() -> None:
    """Hosts alone are enough; etcd and the API are None then."""
    inventory = parse(HEAD + "layout: systemd\n" + HOSTS)
    assert (inventory.etcd, inventory.kubernetes) == (None, None)
    assert inventory.digest == hashlib.sha256((HEAD + "layout: systemd\n" + HOSTS).encode()).hexdigest()


def test_all_mistakes_are_named_at_once() -> None:
    """Every mistake of a file, each with its place and what was probably meant."""
    text = """\
apiVersion: haops/v2
kind: Inventory
cluster: Prod EU
layout: kubadm
ssh: {usr: root, agent: yes, become: sud, connect_timeout: 5, port: 010}
hosts:
  - {name: cp1, address: 10.90.0.11, roles: [control-plane, ectd], zone: 1}
  - {name: cp1, address: 10.90.0.11, port: 70000}
etcd: {ca: pki/ca.crt, certificate: pki/c.crt, on_host: {data_directory: data/etcd}}
kubernetes: {kubeconfig: ~/.kube/config, virtual: "10.90.0.10:6443", endpoints: [{host: cp3}]}
"""
    assert mistakes(text) == [
        "i.yaml:1:13: error: haops/v2 is not allowed here (did you mean haops/v1?)",
        "i.yaml:3:10: error: Prod EU is not written as a name (it must match ^[a-z0-9][a-z0-9._-]*$)",
        "i.yaml:4:9: error: kubadm is not allowed here (did you mean kubeadm?)",
        "i.yaml:5:7: error: usr is no field here (did you mean user?)",
        "i.yaml:5:25: error: true or false is expected here (write true or false, without quotes)",
        "i.yaml:5:38: error: sud is not allowed here (did you mean sudo?)",
        "i.yaml:5:60: error: 5 is not a duration (write 5s)",
        "i.yaml:5:69: error: a whole number is expected here (write it without quotes)",
        'i.yaml:7:74: error: text is expected here, not 1 (write "1")',
        "i.yaml:8:12: error: another host has the name cp1 (it is in line 7)",
        "i.yaml:8:26: error: another host has the address 10.90.0.11 (it is in line 7)",
        "i.yaml:8:44: error: it must be less than or equal to 65535",
        "i.yaml:9:7: error: no host has the role etcd, and no members are named (is the role ectd meant to be etcd?)",
        "i.yaml:9:7: error: key is missing",
        "i.yaml:9:74: error: data/etcd is a path on the hosts and must begin with /",
        "i.yaml:10:52: error: 10.90.0.10:6443 is no address (write https://HOST:PORT)",
        "i.yaml:10:89: error: no host is called cp3 (did you mean cp1?)",
    ]


def test_no_host_may_be_called_as_the_bastion_is() -> None:
    """What was written for a host of that name would run on the operator's own machine."""
    text = HEAD + "layout: systemd\nhosts: [{name: local, address: 10.90.0.11}]\n"
    (found,) = mistakes(text)
    assert "local means the machine that haops runs on (give it another name)" in found


def test_lint_returns_what_parsing_raises() -> None:
    """The same problems as values; none for a file that is right."""
    assert [str(problem) for problem in lint_inventory(b"", "i.yaml")] == mistakes("")
    assert lint_inventory(EXAMPLE.encode(), "i.yaml") == ()


@pytest.mark.parametrize("url", ["https://a", "a:1", "ftp://a:1", "https://:1", "https://a:99999", "https://[::1:1"])
def test_an_address_is_complete(url: str) -> None:
    """An address without scheme, host or port, or with an impossible one, is refused."""
    found = mistakes(EXAMPLE.replace("https://10.90.0.10:6443/", url))
    assert any("is no address" in line for line in found)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_makes_the_reading_fail(data: st.DataObject) -> None:
    """An inventory with any piece cut out or replaced either is right or has problems."""
    begin = data.draw(st.integers(0, len(EXAMPLE)))
    end = data.draw(st.integers(begin, min(len(EXAMPLE), begin + 40)))
    put = data.draw(st.sampled_from(["", "- ", "{", "]", ": ", "'", "\n", "12", "null", "[["]))
    lint_inventory((EXAMPLE[:begin] + put + EXAMPLE[end:]).encode(), "i.yaml")
