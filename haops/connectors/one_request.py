"""HTTP as haops speaks it: one request, sent once, answered whole within one deadline.

Owns the deadline over the whole exchange (a server that drips a byte a second keeps every single read in time), the
limit on the body, and what a failed exchange means. Must never follow a redirect, use a proxy, retry or unpack.
"""

import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from haops.connectors.http_failures import not_answered, not_connected
from haops.connectors.seam import HttpAnswer
from haops.connectors.tls import verifying_context

# A list of 5,000 nodes has 44 MB; what is larger is no answer to anything that is asked here.
MAX_BODY_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class _Bounded:
    """Part of a socket: reading never goes on after `ends_s`, a monotonic time."""

    ends_s: float = 0.0

    def recv_into(self, *arguments: Any) -> int:
        """Read within what is left until `ends_s`. Raises TimeoutError."""
        left_s = self.ends_s - time.monotonic()
        if self.ends_s and left_s <= 0:
            raise TimeoutError("timed out")
        reader = cast("socket.socket", super())
        if self.ends_s:
            cast("socket.socket", self).settimeout(left_s)
        return reader.recv_into(*arguments)


class _PlainSocket(_Bounded, socket.socket):
    """A TCP connection with a deadline."""


class _TlsSocket(_Bounded, ssl.SSLSocket):
    """A TLS connection with a deadline."""


class _Exchange(HTTPConnection):
    """Part of a connection: what goes wrong before the request is sent is told apart from what goes wrong after."""

    def connect(self) -> None:
        """Connect, or say that nothing was sent. Raises ConnectFailed, Denied or TimedOut."""
        started_s = time.monotonic()
        try:
            super().connect()
        except (HTTPError, OSError) as error:
            where = f"{self.host}:{self.port}"
            raise not_connected(error, where=where, took_s=time.monotonic() - started_s) from None

    def getresponse(self) -> Any:
        """Wait for the answer, all of it by one deadline."""
        # urllib3 has left here what remains of the total.
        cast("_Bounded", self.sock).ends_s = time.monotonic() + (self.timeout or 0)
        return super().getresponse()


class _PlainConnection(_Exchange):
    """An HTTP connection."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        # The descriptor moves over: the first object must not close it when it goes.
        return _PlainSocket(made.family, made.type, made.proto, fileno=made.detach())


class _TlsConnection(_Exchange, HTTPSConnection):
    """An HTTPS connection."""

    def connect(self) -> None:
        """Connect, and keep urllib3 from judging the verification."""
        super().connect()
        # Whether to verify was the caller's decision; urllib3 would print a warning over the screen.
        self.is_verified = True


class Origin:
    """One server by its scheme, host and port; its connections are kept. Safe to use from several threads."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None, server_name: str | None = None) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._prefix = parts.path.rstrip("/")
        host, port = parts.hostname or "", parts.port
        self._pool: urllib3.HTTPConnectionPool
        if parts.scheme == "https":
            context = tls or verifying_context()
            # The only way to have a context make sockets of a class of ours.
            context.sslsocket_class = _TlsSocket
            self._pool = urllib3.HTTPSConnectionPool(
                host, port or 443, maxsize=8, ssl_context=context, server_hostname=server_name
            )
            self._pool.ConnectionCls = _TlsConnection
        else:
            self._pool = urllib3.HTTPConnectionPool(host, port or 80, maxsize=8)
            self._pool.ConnectionCls = _PlainConnection

    def send(
        self,
        method: str,
        target: str,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """Send one request and return its answer, the body cut at MAX_BODY_BYTES.

        Raises ConnectFailed (nothing was asked), Denied, TimedOut or ConnectionLost.
        """
        started_s = time.monotonic()
        try:
            answer = self._open(method, target, headers or {}, body, timeout_s)
            content = _read(answer)
        except (HTTPError, OSError) as error:
            raise not_answered(error, where=self.url, timeout_s=timeout_s) from None
        return HttpAnswer(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=content,
            duration_s=time.monotonic() - started_s,
        )

    def close(self) -> None:
        """Drop the kept connections."""
        self._pool.close()

    def _open(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> urllib3.BaseHTTPResponse:
        """Send the request and return the answer with its body still to come."""
        return self._pool.urlopen(
            method,
            self._prefix + target,
            body=body,
            headers=dict(headers),
            # Left to itself urllib3 sends GET, PUT and DELETE four times; whoever asked decides about asking again.
            retries=False,
            # A redirect would carry the credentials to wherever the answer says.
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(total=timeout_s),
            preload_content=False,
            # A small compressed answer may unfold to any size.
            decode_content=False,
        )


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    """Return the body up to the limit; a connection with more to come is dropped."""
    content = bytearray()
    for chunk in answer.stream(_CHUNK_BYTES, decode_content=False):
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            answer.close()
            return bytes(content[:MAX_BODY_BYTES])
    answer.release_conn()
    return bytes(content)
