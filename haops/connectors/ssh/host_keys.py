"""The verdict on the key that a host shows.

Owns who is trusted. Must never ask a person to say yes: a wrong or unknown key is refused, with what to do.
"""

from collections.abc import Sequence

from haops.connectors.ssh.known_hosts import KnownKey, Mark, fingerprint, host_label
from haops.errors import Denied

# RFC 8332: what an RSA key signs with today; ssh-rsa as an algorithm means SHA-1.
_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


def keys_of(known: Sequence[KnownKey], names: Sequence[str], port: int) -> tuple[KnownKey, ...]:
    """Return the lines about a host, under any of its names, at its port."""
    labels = [host_label(name, port) for name in names]
    return tuple(key for key in known if any(key.names(label) for label in labels))


def preferred_algorithms(known: Sequence[KnownKey], usual: Sequence[str]) -> tuple[str, ...]:
    """Return the host key algorithms to offer, those of known keys first: what the host shows can then be checked."""
    wanted = [
        algorithm
        for key in known
        if key.mark is Mark.KNOWN
        for algorithm in _ALGORITHMS.get(key.kind, (key.kind,))
        if algorithm in usual
    ]
    return tuple(dict.fromkeys([*wanted, *usual]))


def check_host_key(known: Sequence[KnownKey], kind: str, blob: bytes, *, where: str, files: Sequence[str]) -> None:
    """Return if a file knows exactly this key for the host. Raises Denied, with file and line, if not."""
    shown = f"{kind} {fingerprint(blob)}"
    # Revoked first: a key may be known by one file and revoked by another.
    for key in known:
        if key.mark is Mark.REVOKED and key.blob == blob:
            raise Denied(
                f"its host key {shown} is revoked by {key.place}", where=where, remedy="do not connect; find out why"
            )
    if any(key.mark is Mark.KNOWN and key.blob == blob for key in known):
        return
    others = [key for key in known if key.mark is Mark.KNOWN]
    if others:
        raise _changed(others[0], shown, where)
    raise _unknown(known, shown, where, files)


def _changed(other: KnownKey, shown: str, where: str) -> Denied:
    return Denied(
        f"it shows the host key {shown}, but {other.place} knows {other.kind} {fingerprint(other.blob)}: "
        "another machine answers there, or it was set up anew",
        where=where,
        remedy=f"ask whoever set it up for its key; only if it fits, correct {other.place}",
    )


def _unknown(known: Sequence[KnownKey], shown: str, where: str, files: Sequence[str]) -> Denied:
    authority = next((key for key in known if key.mark is Mark.AUTHORITY), None)
    note = (
        f" ({authority.place} names a certificate authority; host certificates are not checked here)"
        if authority
        else ""
    )
    place = files[0] if files else "a known_hosts file"
    return Denied(
        f"no known_hosts file knows its host key {shown}{note}",
        where=where,
        remedy=f"compare the fingerprint with the host's console, then add the key to {place} (ssh-keyscan prints it)",
    )
