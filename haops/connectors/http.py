"""A plain look at a URL: no credentials, no proxy, no redirect, one request.

Owns `get`. For servers whose certificate nobody here can check: what it returns is what somebody at that address says.
"""

import ssl
from urllib.parse import urlsplit

from haops.connectors.one_request import Origin
from haops.connectors.seam import HttpAnswer
from haops.errors import ConnectFailed


def get(url: str, *, timeout_s: float) -> HttpAnswer:
    """GET a URL once and return the answer, whatever its status, its body cut at the limit.

    Raises ConnectFailed (also for a URL that cannot be asked), Denied, TimedOut or ConnectionLost.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConnectFailed("not an http or https URL", where=url)
    origin = Origin(f"{parts.scheme}://{parts.netloc}", tls=_unverified() if parts.scheme == "https" else None)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        return origin.send("GET", target, timeout_s=timeout_s)
    finally:
        origin.close()


def _unverified() -> ssl.SSLContext:
    """Return a context that takes any certificate; nothing secret is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # In this order: ssl refuses CERT_NONE while names are to be checked.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
