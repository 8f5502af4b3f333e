"""What a failed HTTP exchange means, in the field's words.

Owns the translation of the errors of sockets, TLS and urllib3. What fails before a request could be sent is told apart
from what fails after, because only the latter may have changed something. Must never send anything.
"""

import errno
import ssl

from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, ReadTimeoutError

from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, Denied, TimedOut

_RENEW = "look at the certificates' dates and renew them"
_BY_ERRNO = {
    errno.ECONNREFUSED: ("refused", "see on its host whether it runs"),
    errno.EHOSTUNREACH: ("no route", ""),
    errno.ENETUNREACH: ("no route", ""),
}
# OpenSSL's X509_V_ERR_* numbers.
_BY_VERIFY_CODE = {
    9: ("certificate not yet valid", _RENEW),
    10: ("certificate expired", _RENEW),
    62: ("certificate is for another name", "use an address that it names, or set tls-server-name in the kubeconfig"),
    64: ("certificate is for another name", "use an address that it names, or set tls-server-name in the kubeconfig"),
}
_WRONG_CA = ("wrong CA", "compare the CA in use with the one on the server's host")


def not_connected(error: Exception, *, where: str, took_s: float) -> ConnectorError:
    """Return what it means that no connection could be made; nothing was asked."""
    root = _root(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        message, remedy = _BY_VERIFY_CODE.get(root.verify_code, _WRONG_CA)
        return Denied(message, where=where, remedy=remedy)
    if isinstance(error, NameResolutionError):
        return ConnectFailed("name unknown", where=where, remedy="use an address")
    # Nothing was asked yet: time that runs out here leaves no unknown outcome.
    if isinstance(root, TimeoutError | ConnectTimeoutError | ReadTimeoutError):
        return ConnectFailed(f"timed out {took_s:.1f} s", where=where)
    if isinstance(root, ssl.SSLError):
        return ConnectFailed("does not speak TLS", where=where, remedy="see what listens there")
    number = root.errno if isinstance(root, OSError) else None
    message, remedy = _BY_ERRNO.get(number or 0, ("not reachable", ""))
    return ConnectFailed(message, where=where, remedy=remedy)


def not_answered(error: Exception, *, where: str, timeout_s: float) -> ConnectorError:
    """Return what it means that the answer did not come whole; what was asked may have happened."""
    root = _root(error)
    if isinstance(error, ReadTimeoutError) or isinstance(root, TimeoutError):
        return TimedOut(f"timed out {timeout_s:.1f} s", where=where)
    if isinstance(root, ssl.SSLError) and "ALERT" in (root.reason or ""):
        # With TLS 1.3 a server refuses a client's certificate only after the handshake.
        return Denied("client certificate rejected", where=where, remedy=_RENEW)
    return ConnectionLost("connection lost", where=where)


def _root(error: BaseException) -> BaseException:
    """Return the first cause: urllib3 wraps what the socket said."""
    cause = error.__cause__ or (error.__context__ if isinstance(error, HTTPError) else None)
    return _root(cause) if cause else error
