"""One HTTP request: sent once, within one deadline, whatever the server does. Shown on real sockets and real TLS."""

import datetime as dt
import itertools
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from answering import answering, http
from certificates import Authority
from etcd_cluster import free_ports

from haops.connectors import one_request
from haops.connectors.http import get
from haops.connectors.one_request import Origin
from haops.connectors.tls import verifying_context
from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, Denied, TimedOut


def test_an_answer_comes_with_its_status_headers_and_body() -> None:
    """Whatever the status says, it is an answer."""
    with answering(http("503 Not Now", b"later", "X-Reason: tired")) as url:
        answer = get(f"{url}/a?b=c", timeout_s=5)
    assert (answer.status, answer.body, answer.headers["x-reason"]) == (503, b"later", "tired")
    assert answer.duration_s > 0


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    """Only one request arrives, and it is for the path that was asked."""
    heads: list[bytes] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        heads.append(head.splitlines()[0])
        http("302 Found", b"", "Location: /elsewhere")(connection, head)

    with answering(answer) as url:
        assert get(f"{url}/here", timeout_s=5).status == 302
    assert heads == [b"GET /here HTTP/1.1"]


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """During an incident the proxy may be down too, and must not see what is asked."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_ports(1)[0]}")
    with answering(http("200 OK", b"direct")) as url:
        assert get(url, timeout_s=5).body == b"direct"


def test_packed_content_is_not_asked_for_nor_unpacked() -> None:
    """A small packed body can be gigabytes unpacked."""
    heads: list[bytes] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        heads.append(head.lower())
        http("200 OK", b"\x1f\x8bpacked", "Content-Encoding: gzip")(connection, head)

    with answering(answer) as url:
        assert get(url, timeout_s=5).body == b"\x1f\x8bpacked"
    assert b"gzip" not in heads[0]


def _drip(head: bytes, body: bytes) -> Callable[[socket.socket, bytes], None]:
    """Return an answer that sends a byte every 50 ms, for ever."""

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(head)
        for byte in itertools.cycle(body):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        _drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"y"),
        _drip(b"", b"HTTP"),
        lambda _connection, _head: time.sleep(10),
    ],
    ids=["body", "chunks", "headers", "status line", "silence"],
)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_server_that_drips_its_answer_is_given_up_at_the_deadline(
    tmp_path: Path, answer: Callable[[socket.socket, bytes], None], *, secure: bool
) -> None:
    """Every single read is in time; only a deadline over the whole exchange ends this."""
    certificate = Authority(tmp_path).issue("server") if secure else None
    with answering(answer, certificate=certificate) as url, pytest.raises(TimedOut) as raised:
        get(url, timeout_s=1.0)
    assert raised.value.message == "timed out 1.0 s"


def test_a_server_that_falls_silent_halfway_has_only_what_is_left_of_the_deadline() -> None:
    """A byte does not buy it the whole time again: the rest of this answer comes before a second deadline would end."""

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        time.sleep(1.0)
        connection.sendall(b"a")
        time.sleep(1.5)
        connection.sendall(b"b")

    with answering(answer) as url, pytest.raises(TimedOut):
        get(url, timeout_s=2.0)


def test_a_kept_connection_has_a_new_deadline_for_each_request() -> None:
    """What the first request left over or used up does not matter to the second."""
    with answering(http("200 OK", b"ok")) as url:
        origin = Origin(url)
        assert origin.send("GET", "/", timeout_s=1.0).body == b"ok"
        threading.Event().wait(1.1)
        assert origin.send("GET", "/", timeout_s=1.0).body == b"ok"
        origin.close()


def test_a_body_beyond_the_limit_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer has the first bytes, and the connection is not used again."""
    monkeypatch.setattr(one_request, "MAX_BODY_BYTES", 100_000)
    with answering(http("200 OK", b"x" * 1_000_000)) as url:
        origin = Origin(url)
        assert [len(origin.send("GET", "/", timeout_s=5).body) for _ in range(2)] == [100_000, 100_000]
        origin.close()


def test_a_request_whose_connection_breaks_is_sent_once() -> None:
    """The outcome is unknown: ConnectionLost, and the server saw the request one single time."""
    heads: list[bytes] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        heads.append(head)
        connection.shutdown(socket.SHUT_RDWR)

    with answering(answer) as url, pytest.raises(ConnectionLost):
        Origin(url).send("POST", "/", timeout_s=5, body=b"{}")
    assert len(heads) == 1


def test_a_body_that_ends_too_early_is_no_answer() -> None:
    """Half an answer must not be taken for a whole one."""

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_RDWR)

    with answering(answer) as url, pytest.raises(ConnectionLost):
        get(url, timeout_s=5)


def test_something_that_does_not_speak_http_is_no_answer() -> None:
    """Garbage is a lost connection, not a crash."""
    with answering(lambda connection, _: connection.sendall(b"220 smtp\r\n\r\n")) as url, pytest.raises(ConnectionLost):
        get(url, timeout_s=1)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:{free}/", "refused"),
        ("http://no-such-name.invalid/", "name unknown"),
        ("ftp://127.0.0.1/", "not an http or https URL"),
        ("http://", "not an http or https URL"),
    ],
)
def test_a_server_that_is_not_there_is_named_as_that(url: str, words: str) -> None:
    """Nothing was asked, and the words say why."""
    with pytest.raises(ConnectFailed) as raised:
        get(url.format(free=free_ports(1)[0]), timeout_s=5)
    assert raised.value.message == words


def test_a_server_that_never_ends_the_handshake_was_asked_nothing() -> None:
    """Whoever listens but does not speak is ConnectFailed: no request left this machine."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ConnectFailed) as raised:
        get(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3)
    assert raised.value.message == "timed out 0.3 s"


@pytest.mark.parametrize(
    ("trusted", "valid_days", "address", "words"),
    [
        ("another", 1, "127.0.0.1", "wrong CA"),
        ("own", -1, "127.0.0.1", "certificate expired"),
        ("own", 1, "192.0.2.7", "certificate is for another name"),
    ],
)
def test_a_certificate_that_does_not_hold_is_named_as_that(
    tmp_path: Path, trusted: str, valid_days: int, address: str, words: str
) -> None:
    """Each reason has its own words; nothing was asked."""
    authorities = {name: Authority(tmp_path, name) for name in ("own", "another")}
    shown = authorities["own"].issue(
        "server", names=("elsewhere",), addresses=(address,), valid_for=dt.timedelta(days=valid_days)
    )
    context = verifying_context(cafile=str(authorities[trusted].path))
    with answering(http("200 OK"), certificate=shown) as url, pytest.raises(Denied) as raised:
        Origin(url, tls=context).send("GET", "/", timeout_s=5)
    assert raised.value.message == words


def test_another_server_name_may_be_agreed_on(tmp_path: Path) -> None:
    """A direct address that the certificate does not name is checked against a name that it does."""
    authority = Authority(tmp_path)
    shown = authority.issue("server", names=("kubernetes",), addresses=("192.0.2.7",))
    context = verifying_context(cafile=str(authority.path))
    with answering(http("200 OK", b"ok"), certificate=shown) as url:
        assert Origin(url, tls=context, server_name="kubernetes").send("GET", "/", timeout_s=5).body == b"ok"


def test_a_server_that_wants_a_certificate_of_ours_denies_us(tmp_path: Path) -> None:
    """With TLS 1.3 the refusal comes after the handshake; it is still a refusal and not a lost connection."""
    authority = Authority(tmp_path)
    with (
        answering(http("200 OK"), certificate=authority.issue("server"), clients=authority.path) as url,
        pytest.raises(ConnectorError) as raised,
    ):
        get(url, timeout_s=5)
    assert (type(raised.value), raised.value.message) == (Denied, "client certificate rejected")


def test_many_threads_share_an_origin() -> None:
    """Each gets its own answer."""

    def answer(connection: socket.socket, head: bytes) -> None:
        http("200 OK", head.split(b" ")[1])(connection, head)

    with answering(answer) as url:
        origin = Origin(url)
        bodies: list[bytes] = []

        def ask(number: int) -> None:
            bodies.extend(origin.send("GET", f"/{number}/{turn}", timeout_s=10).body for turn in range(20))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        origin.close()
    assert sorted(bodies) == sorted(f"/{number}/{turn}".encode() for number in range(12) for turn in range(20))
