"""What the client of an API server must do, shown over real TLS with answers that are hard to get from a real one."""

import json
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from answering import answering, http
from api_server import write_kubeconfig
from certificates import Authority

from haops.connectors.kubernetes import connect, login_program, reads
from haops.connectors.seam import ApiClient
from haops.core.inventory import ApiEndpointAddress, KubernetesAccess
from haops.errors import Denied, InputError, RemoteFailed

_NOT_READY = b"""[+]ping ok
[+]log ok
[-]etcd failed: reason withheld
[-]etcd-readiness failed: reason withheld
[-]poststarthook/start-apiextensions-controllers failed: not finished
readyz check failed
"""


class Stub:
    """An API server that says one thing, and remembers what it was asked."""

    def __init__(self, directory: Path, *, names: tuple[str, ...] = ("localhost",), address: str = "127.0.0.1") -> None:
        self.authority = Authority(directory)
        self.serving = self.authority.issue("apiserver", names=names, addresses=(address,))
        certificate, key = self.authority.issue("admin")
        self.kubeconfig = directory / "admin.conf"
        write_kubeconfig(self.kubeconfig, ca=self.authority.path, certificate=certificate, key=key)
        self.heads: list[bytes] = []
        self.status = "200 OK"
        self.body = b"ok"
        self.instead: dict[bytes, bytes] = {}

    def __call__(self, connection: socket.socket, head: bytes) -> None:
        """Answer one request."""
        self.heads.append(head)
        body = next((body for sign, body in self.instead.items() if sign in head), self.body)
        http(self.status, body)(connection, head)

    def says(self, status: str, content: object) -> None:
        """Answer that from now on; anything but bytes as JSON."""
        self.status = status
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    """A stub that is not yet listening."""
    return Stub(tmp_path)


@pytest.fixture
def api(stub: Stub) -> Iterator[ApiClient]:
    """A client of the stub."""
    with answering(stub, certificate=stub.serving, clients=stub.authority.path) as url:
        client = connect(_endpoint(url), KubernetesAccess(kubeconfig=str(stub.kubeconfig)))
        yield client
        client.close()


def _endpoint(url: str) -> ApiEndpointAddress:
    """Return an endpoint of that URL."""
    return ApiEndpointAddress(name="cp1", host="cp1", url=url)


def test_the_endpoints_own_address_is_asked_with_the_kubeconfigs_certificate(stub: Stub, api: ApiClient) -> None:
    """The kubeconfig's server address leads nowhere here; the stub demands the client certificate."""
    assert reads.livez(api, timeout_s=5)
    assert stub.heads[0].startswith(b"GET /livez?verbose HTTP/1.1\r\n")


def test_a_server_that_is_not_ready_names_its_failed_checks(stub: Stub, api: ApiClient) -> None:
    """The body of a 500 is the answer; the names behind [-] are what failed."""
    stub.says("500 Internal Server Error", _NOT_READY)
    answer = reads.readyz(api, timeout_s=5)
    assert answer.http_status == 500
    assert answer.failed_checks == ("etcd", "etcd-readiness", "poststarthook/start-apiextensions-controllers")
    assert stub.heads[0].startswith(b"GET /readyz?verbose HTTP/1.1\r\n")


def test_a_body_and_its_kind_are_sent_once(stub: Stub, api: ApiClient) -> None:
    """A write carries the content type it was given and is not repeated when the server fails."""
    stub.says("500 Internal Server Error", b"")
    content_type = "application/merge-patch+json"
    answer = api.request("PATCH", "/api/v1/nodes/n1", timeout_s=5, body=b"{}", content_type=content_type)
    assert answer.status == 500
    assert len(stub.heads) == 1
    assert b"Content-Type: application/merge-patch+json\r\n" in stub.heads[0]


def test_a_token_is_shown_to_every_endpoint(tmp_path: Path, stub: Stub) -> None:
    """Users with a token instead of a certificate are known by it."""
    text = stub.kubeconfig.read_text()
    head, _, _ = text.partition("users:")
    token = tmp_path / "token.conf"
    token.write_text(f"{head}users:\n- name: lab\n  user: {{token: abc}}\n")
    with answering(stub, certificate=stub.serving) as url:
        reads.livez(connect(_endpoint(url), KubernetesAccess(kubeconfig=str(token))), timeout_s=5)
    assert b"Authorization: Bearer abc\r\n" in stub.heads[0]


def test_thousands_of_nodes_come_page_by_page_with_only_what_is_needed(stub: Stub, api: ApiClient) -> None:
    """Pages of 500 are followed by their token; fields that nobody asked for may hold anything."""

    def node(number: int) -> dict[str, object]:
        return {
            "metadata": {"name": f"n{number}", "labels": {"a": "b"}, "managedFields": [{"x": number}]},
            "spec": {"unschedulable": number == 1, "podCIDRs": None},
            "status": {
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
                "nodeInfo": {"kubeletVersion": "v1.36.3", "swap": {"capacity": 1}},
                "images": [{"names": None}],
            },
        }

    stub.says("200 OK", {"metadata": {"continue": "next"}, "items": [node(0), node(1)]})
    stub.instead[b"continue=next"] = json.dumps({"metadata": {}, "items": [node(2)]}).encode()
    found = list(reads.nodes(api, timeout_s=5))
    assert [each.metadata.name for each in found] == ["n0", "n1", "n2"]
    assert [each.spec.unschedulable for each in found] == [False, True, False]
    assert found[0].status.node_info.kubelet_version == "v1.36.3"
    assert found[0].status.conditions[0].status == "True"
    assert [b"limit=500" in head for head in stub.heads] == [True, True]


def test_a_lease_comes_with_the_servers_own_time(stub: Stub, api: ApiClient) -> None:
    """Leases have microseconds; a lease that was never held has nothing in it."""
    held = {"holderIdentity": "cp1_x", "leaseDurationSeconds": 15, "renewTime": "2026-11-21T12:00:31.633338Z"}
    items = [{"metadata": {"name": "kube-scheduler"}, "spec": held}, {"metadata": {"name": "empty"}}]
    stub.says("200 OK", {"items": items})
    (scheduler, empty), date = reads.leases(api, "kube-system", timeout_s=5)
    assert scheduler.spec.holder_identity == "cp1_x"
    assert str(scheduler.spec.renew_time) == "2026-11-21 12:00:31.633338+00:00"
    assert empty.spec.renew_time is None
    assert date == ""
    assert b" /apis/coordination.k8s.io/v1/namespaces/kube-system/leases " in stub.heads[0]


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        ("403 Forbidden", {"kind": "Status", "message": "nodes is forbidden"}, "HTTP 403 nodes is forbidden"),
        ("401 Unauthorized", b"", "HTTP 401"),
        ("410 Gone", {"message": "The provided continue parameter is too old"}, "HTTP 410 The provided"),
        ("200 OK", b"<html>login</html>", "not an answer of Kubernetes"),
        ("200 OK", {"items": [{"metadata": {"name": 7}}]}, "not an answer of Kubernetes"),
        ("200 OK", b"\xff\xfe", "not an answer of Kubernetes"),
    ],
)
def test_an_answer_that_is_no_list_of_nodes_says_why(
    stub: Stub, api: ApiClient, status: str, content: object, words: str
) -> None:
    """Refusals carry the server's reason; anything else is not taken for an empty list."""
    stub.says(status, content)
    kind = Denied if status[:3] in ("401", "403") else RemoteFailed
    with pytest.raises(kind, match=words):
        list(reads.nodes(api, timeout_s=5))


def test_a_direct_address_is_checked_against_the_kubeconfigs_server_name(tmp_path: Path) -> None:
    """A certificate that does not name the address is taken if it names `tls-server-name`, and else is refused."""
    stub = Stub(tmp_path, names=("kubernetes",), address="192.0.2.7")
    named = tmp_path / "named.conf"
    text = stub.kubeconfig.read_text()
    named.write_text(text.replace("server:", "tls-server-name: kubernetes\n    server:"))
    with answering(stub, certificate=stub.serving) as url:
        assert reads.livez(connect(_endpoint(url), KubernetesAccess(kubeconfig=str(named))), timeout_s=5)
        with pytest.raises(Denied, match="certificate is for another name"):
            reads.livez(connect(_endpoint(url), KubernetesAccess(kubeconfig=str(stub.kubeconfig))), timeout_s=5)


def test_the_kubeconfigs_proxy_is_not_used(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proxy-url nor the environment comes between haops and an endpoint."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    proxied = tmp_path / "proxied.conf"
    proxied.write_text(stub.kubeconfig.read_text().replace("server:", "proxy-url: http://127.0.0.1:1\n    server:"))
    with answering(stub, certificate=stub.serving) as url:
        assert reads.livez(connect(_endpoint(url), KubernetesAccess(kubeconfig=str(proxied))), timeout_s=5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be used"),
        ("[]", "cannot be used"),
        ("clusters: {", "not YAML"),
        ("apiVersion: v1\nkind: Config\ncurrent-context: nowhere\ncontexts: []\n", "cannot be used"),
        ("{{ template }}", "cannot be used|not YAML"),
        pytest.param("[" * 20_000 + "]" * 20_000, "cannot be used", id="nested deeply"),
    ],
)
def test_a_broken_kubeconfig_is_one_clear_error(tmp_path: Path, text: str, words: str) -> None:
    """InputError with the file's path, never what the loader happened to stumble over."""
    path = tmp_path / "broken.conf"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as raised:
        connect(_endpoint("https://127.0.0.1:1"), KubernetesAccess(kubeconfig=str(path)))
    assert raised.value.where.startswith(str(path))


def test_a_missing_kubeconfig_is_one_clear_error(tmp_path: Path) -> None:
    """InputError with the file's path and what to do."""
    with pytest.raises(InputError, match="kubeconfig missing") as raised:
        connect(_endpoint("https://127.0.0.1:1"), KubernetesAccess(kubeconfig=str(tmp_path / "absent")))
    assert (raised.value.where, bool(raised.value.remedy)) == (str(tmp_path / "absent"), True)


def test_a_context_that_is_not_there_is_one_clear_error(stub: Stub) -> None:
    """The inventory may name a context; it must be there."""
    with pytest.raises(InputError, match="production"):
        connect(
            _endpoint("https://127.0.0.1:1"), KubernetesAccess(kubeconfig=str(stub.kubeconfig), context="production")
        )


def test_a_certificate_file_that_is_gone_is_one_clear_error(tmp_path: Path, stub: Stub) -> None:
    """The kubeconfig is well, but a file that it names is not there."""
    (tmp_path / "admin.crt").unlink()
    with pytest.raises((Denied, InputError), match=r"admin\.crt"):
        connect(_endpoint("https://127.0.0.1:1"), KubernetesAccess(kubeconfig=str(stub.kubeconfig)))


def test_a_login_program_that_fails_prints_nothing(tmp_path: Path, stub: Stub) -> None:
    """The official loader would print its failure over the screen; what is left is a request without credentials."""
    head, _, _ = stub.kubeconfig.read_text().partition("users:")
    login = "{apiVersion: client.authentication.k8s.io/v1, command: /no/such/login, interactiveMode: Never}"
    (tmp_path / "exec.conf").write_text(f"{head}users:\n- name: lab\n  user: {{exec: {login}}}\n")
    code = (
        "from haops.connectors.kubernetes import connect\n"
        "from haops.core.inventory import ApiEndpointAddress, KubernetesAccess\n"
        "endpoint = ApiEndpointAddress(name='e', host='e', url='https://127.0.0.1:1')\n"
        f"connect(endpoint, KubernetesAccess(kubeconfig={str(tmp_path / 'exec.conf')!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def _with_user(stub: Stub, path: Path, user: str) -> KubernetesAccess:
    """Return access by the stub's kubeconfig with another user."""
    head, _, _ = stub.kubeconfig.read_text().partition("users:")
    path.write_text(f"{head}users:\n- name: lab\n  user: {user}\n")
    return KubernetesAccess(kubeconfig=str(path))


def test_a_kubeconfig_that_trusts_anybody_is_refused(tmp_path: Path, stub: Stub) -> None:
    """Whoever answered would be believed, and shown the token."""
    text = stub.kubeconfig.read_text()
    blind = tmp_path / "blind.conf"
    lines = (line for line in text.splitlines() if "certificate-authority" not in line)
    blind.write_text("\n".join(lines).replace("server:", "insecure-skip-tls-verify: true\n    server:"))
    with pytest.raises(Denied, match="anybody may answer"):
        connect(_endpoint("https://127.0.0.1:1"), KubernetesAccess(kubeconfig=str(blind)))


def test_an_embedded_key_leaves_no_file_behind(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private key that the kubeconfig carries is in no file once the client is there, so that no kill leaves one."""
    places = [tmp_path / "tmp", tmp_path / "run"]
    for place in places:
        place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(places[0]))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(places[1]))
    certificate, key = (b64encode((tmp_path / name).read_bytes()).decode() for name in ("admin.crt", "admin.key"))
    user = f"{{client-certificate-data: {certificate}, client-key-data: {key}}}"
    access = _with_user(stub, tmp_path / "embedded.conf", user)
    with answering(stub, certificate=stub.serving) as url:
        for _ in range(2):
            assert reads.livez(connect(_endpoint(url), access), timeout_s=5)
    assert [list(place.iterdir()) for place in places] == [[], []]


def test_a_login_program_gets_no_terminal_and_no_more_than_its_time(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the end of its input, and one that hangs is ended instead of waited for."""
    monkeypatch.setattr(login_program, "LIMIT_S", 1.0)
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True, write=len, flush=lambda: None))
    script = f'cat >{tmp_path}/heard; echo "$KUBERNETES_EXEC_INFO" >{tmp_path}/asked; exec sleep 600'
    login = json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]})
    connect(_endpoint("https://127.0.0.1:1"), _with_user(stub, tmp_path / "hanging.conf", f"{{exec: {login}}}"))
    assert (tmp_path / "heard").read_text() == ""
    assert json.loads((tmp_path / "asked").read_text())["spec"] == {"interactive": False}


def test_a_token_that_would_break_out_of_its_header_is_refused(tmp_path: Path, stub: Stub) -> None:
    """Denied, not an accident in the middle of a look."""
    access = _with_user(stub, tmp_path / "token.conf", '{token: "a\\nb"}')
    with pytest.raises(Denied, match="no token has"):
        reads.livez(connect(_endpoint("https://127.0.0.1:1"), access), timeout_s=5)


def test_the_package_loads_the_official_client_only_to_connect() -> None:
    """Importing the package and its reads leaves `kubernetes` alone; connecting leaves its 600 ms of models alone."""
    look = "import sys, haops.connectors.kubernetes.reads; print('kubernetes' in sys.modules)"
    connected = (
        "import sys, haops.connectors.kubernetes.kubeconfig;"
        "print(any(name.startswith('kubernetes.client.models.') for name in sys.modules))"
    )
    for code in (look, connected):
        said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        assert said.strip() == "False"
