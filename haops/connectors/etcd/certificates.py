"""The files that open etcd's door, looked at before they are used.

Owns the sentences for files that are missing, unreadable or do not belong together: grpc itself would only say that a
connection could not be made. Must never keep what it read.
"""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from haops.core.inventory import EtcdAccess
from haops.errors import Denied


def require_readable(access: EtcdAccess) -> None:
    """Raise Denied, naming the file and the remedy, if the CA, certificate or key cannot be used."""
    files = {"CA": access.ca, "client certificate": access.certificate, "client key": access.key}
    for what, path in files.items():
        _read(what, path)
    _load_ca(access.ca)
    _load_pair(access.certificate, access.key)


def _read(what: str, path: str) -> None:
    """Raise Denied if the file cannot be read."""
    try:
        Path(path).read_bytes()
    except FileNotFoundError:
        raise Denied(f"{what} missing", where=path, remedy="correct its path in the inventory") from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise Denied(f"{what} cannot be read: {reason}", where=path, remedy="run haops as a user who may") from None


def _load_ca(path: str) -> None:
    """Raise Denied if the file holds no CA certificate."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise Denied("CA is not a PEM certificate", where=path, remedy="copy etcd's ca.crt there again") from None


def _load_pair(certificate: str, key: str) -> None:
    """Raise Denied if the certificate and the key are damaged or do not belong together."""
    try:
        # Without a password of our own OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        mismatch = getattr(error, "reason", "") == "KEY_VALUES_MISMATCH"
        message = (
            "client key belongs to another certificate"
            if mismatch
            else "client certificate or key is damaged or locked"
        )
        raise Denied(message, where=key, remedy=f"copy it again together with {certificate}") from None


def expired(path: str) -> Denied | None:
    """Return the error that says so if the client certificate has expired by this machine's clock.

    A member that rejects it does not say why.
    """
    from cryptography import x509  # noqa: PLC0415 - only needed when the door stayed shut

    try:
        ended_at = x509.load_pem_x509_certificate(Path(path).read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None
    if ended_at > datetime.now(UTC):
        return None
    return Denied(
        f"client certificate expired on {ended_at:%Y-%m-%d}", where=path, remedy="renew it, or name another one"
    )
