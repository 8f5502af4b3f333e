"""Host keys that the operator's files know, read line by line.

Owns the known_hosts format, so that one line that cannot be used (a certificate authority, damage) costs only itself.
Must never write such a file, and must never accept a key that is not in one.
"""

import base64
import binascii
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# |1|salt|hash falls into four parts at its bars.
_HASH_PARTS = 4
# Names, kind and key; what follows is a comment.
_WORDS = 3


class Mark(StrEnum):
    """What a line says about its key."""

    KNOWN = ""
    REVOKED = "@revoked"
    AUTHORITY = "@cert-authority"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One usable line: where it stands, which hosts it names, and the key as bytes on the wire."""

    file: str
    line: int
    mark: Mark
    patterns: tuple[str, ...]
    kind: str
    blob: bytes

    @property
    def place(self) -> str:
        """The file and line, for messages."""
        return f"{self.file}:{self.line}"

    def names(self, host: str) -> bool:
        """Whether the line is about that host, given as `host_label` writes it."""
        matched = False
        for pattern in self.patterns:
            wanted = pattern.removeprefix("!")
            if _matches(wanted, host):
                # sshd(8): a negated pattern takes the host out, whatever else fits.
                if pattern != wanted:
                    return False
                matched = True
        return matched


def load_known_keys(files: Iterable[str]) -> tuple[KnownKey, ...]:
    """Read every usable line of the files that exist; lines that cannot be used are left out."""
    return tuple(key for file in files for key in _read(Path(file).expanduser()))


def host_label(host: str, port: int) -> str:
    """Return the name under which known_hosts files keep a host."""
    # As sshd(8) describes known_hosts: brackets and the port, unless it is the usual one.
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"  # noqa: PLR2004 - the port of SSH


def fingerprint(blob: bytes) -> str:
    """Return a key's SHA-256 fingerprint as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _read(path: Path) -> Iterator[KnownKey]:
    # Read here: one @cert-authority line makes paramiko refuse the whole file.
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    for number, line in enumerate(lines, 1):
        key = _parse(line.decode("utf-8", "replace"), str(path), number)
        if key is not None:
            yield key


def _parse(line: str, file: str, number: int) -> KnownKey | None:
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    mark = Mark.KNOWN
    if words[0].startswith("@"):
        if words[0] not in (Mark.REVOKED, Mark.AUTHORITY):
            return None
        mark = Mark(words.pop(0))
    if len(words) < _WORDS:
        return None
    blob = _decode(words[2])
    if blob is None or not _is_kind(blob, words[1]):
        return None
    # A hashed name is base64: its case counts.
    return KnownKey(
        file, number, mark, tuple(words[0].lower().split(",")) if "|" not in words[0] else (words[0],), words[1], blob
    )


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_kind(blob: bytes, kind: str) -> bool:
    # A key on the wire begins with its own kind: a damaged line seldom still does.
    return blob[4 : 4 + len(kind)] == kind.encode()


def _matches(pattern: str, host: str) -> bool:
    if not pattern.startswith("|1|"):
        # Brackets enclose names with ports; only * and ? are patterns here.
        return fnmatch.fnmatchcase(host, pattern.replace("[", "[[]"))
    parts = pattern.split("|")
    salt = _decode(parts[2]) if len(parts) == _HASH_PARTS else None
    if salt is None:
        return False
    # HashKnownHosts: |1|salt|HMAC-SHA1 of the name; the format knows no other hash.
    digest = hmac.new(salt, host.encode(), "sha1").digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), parts[3])
