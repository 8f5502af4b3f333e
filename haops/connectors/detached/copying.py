"""Files copied to and from a host over an ordinary exec channel, checked by SHA-256.

Owns "complete or not at all" at both ends: a part file beside the target, renamed when its sum is right. Must never
hold a whole file in memory.
"""

import hashlib
import os
import secrets
from io import BufferedReader
from pathlib import Path

from haops.connectors.detached.conversing import Listener
from haops.connectors.detached.link import Deadline, Link
from haops.connectors.detached.talk import Talk
from haops.connectors.detached.texts import Text
from haops.connectors.detached.wire import encode_path
from haops.errors import InputError, RemoteFailed

# Four SSH packets at once: a deadline is looked at between two pieces.
_PIECE_BYTES = 128 * 1024


def put(link: Link, local_path: str, remote_path: str, deadline: Deadline) -> str:
    """Copy a file there and return its SHA-256."""
    suffix = f"haops-{secrets.token_hex(6)}"
    with _open_local(local_path) as source:
        # Read twice: the host knows the sum before the first byte and refuses what arrives otherwise.
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        head = f"{digest} {suffix}\n".encode() + encode_path(remote_path) + b"\n"
        with Talk(link, Text.PUT, head, deadline, more=True) as talk:
            while piece := source.read(_PIECE_BYTES):
                talk.conversation.send(piece, deadline)
            talk.conversation.end_input()
            talk.reply("stored")
    return digest


def get(link: Link, remote_path: str, local_path: str, deadline: Deadline) -> str:
    """Copy a file here and return its SHA-256."""
    part = Path(f"{local_path}.haops-{secrets.token_hex(6)}")
    with Talk(link, Text.GET, encode_path(remote_path) + b"\n", deadline) as talk:
        (announced,) = talk.reply("content").rest
        try:
            arrived = _receive(talk.listener, part, deadline)
            if arrived != announced:
                raise RemoteFailed(
                    f"{remote_path} changed or was cut while it was copied", where=link.name, remedy="copy it again"
                )
            part.replace(local_path)
        finally:
            part.unlink(missing_ok=True)
    return announced


def _receive(listener: Listener, part: Path, deadline: Deadline) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        for piece in listener.pieces(deadline):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _open_local(path: str) -> BufferedReader:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
