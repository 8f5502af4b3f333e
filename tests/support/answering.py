"""A server on loopback that says exactly the bytes a test wants, over TLS or not."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Answer = Callable[[socket.socket, bytes], None]
"""Called with the connection and the head of each request on it."""


@contextmanager
def answering(
    answer: Answer,
    *,
    certificate: tuple[Path, Path] | None = None,
    clients: Path | None = None,
    greeting: bytes = b"",
) -> Iterator[str]:
    """Yield the URL of the server. With `clients`, a CA, it demands a client certificate."""
    context = _context(certificate, clients) if certificate else None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, context, answer, greeting), daemon=True)
        thread.start()
        yield f"http{'s' if context else ''}://127.0.0.1:{listener.getsockname()[1]}"
        # Closing alone would leave the thread waiting in accept.
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _context(certificate: tuple[Path, Path], clients: Path | None) -> ssl.SSLContext:
    """Return a server's TLS context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _accept(listener: socket.socket, context: ssl.SSLContext | None, answer: Answer, greeting: bytes) -> None:
    """Serve every connection in a thread of its own until the listener is closed."""
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.sendall(greeting)
            threading.Thread(target=_serve, args=(connection, context, answer), daemon=True).start()


def _serve(connection: socket.socket, context: ssl.SSLContext | None, answer: Answer) -> None:
    """Answer every request of one connection until somebody hangs up."""
    with suppress(OSError), _secured(connection, context) if context else connection as spoken:
        while head := _head(spoken):
            answer(spoken, head)


def _secured(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Return the connection after the handshake; OSError if one side did not let the other in."""
    spoken = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    try:
        spoken.do_handshake()
    except OSError:
        with spoken, suppress(OSError):
            # To close with something unread would reset the connection, and the alert that says why could be lost.
            while socket.socket.recv(spoken, 4096):
                pass
        raise
    return spoken


def _head(connection: socket.socket) -> bytes:
    """Return a request up to its empty line, or nothing when the other side hung up."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        received += byte
    return received


def http(status: str, body: bytes = b"", *headers: str) -> Answer:
    """Return an answer that says this to every request."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall("\r\n".join(lines).encode() + body)

    return answer
