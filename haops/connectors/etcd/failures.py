"""What a failed call to etcd means, in the field's words.

Owns the translation of grpc's errors. The class says what may have happened to the request, the message what to tell a
person; both are decided here and nowhere else. Must never call anything.
"""

from dataclasses import dataclass

import grpc

from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, Denied, RemoteFailed, TimedOut

CLIENT_REJECTED = "client certificate rejected"
"""What a member means that closes the door without a reason."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """If grpc's text contains `sign`, this is what it means."""

    sign: str
    kind: type[ConnectorError]
    message: str
    remedy: str = ""


_RENEW = "look at the certificates' dates and renew them"
# In this order: a text may hold several signs, and the first that fits is what it means.
_CAUSES = (
    _Cause("Connection refused", ConnectFailed, "refused", "see on its host whether etcd runs"),
    _Cause("No route to host", ConnectFailed, "no route"),
    _Cause("Network is unreachable", ConnectFailed, "no route"),
    _Cause("errors resolving", ConnectFailed, "name unknown", "use an address in the inventory"),
    _Cause("CERTIFICATE_VERIFY_FAILED: certificate has expired", Denied, "certificate expired", _RENEW),
    _Cause("CERTIFICATE_VERIFY_FAILED: certificate is not yet valid", Denied, "certificate not yet valid", _RENEW),
    _Cause("CERTIFICATE_VERIFY_FAILED", Denied, "wrong CA", "compare the inventory's CA with the one on etcd's hosts"),
    _Cause("Hostname Verification", Denied, "certificate is for another name", "use an address that it names"),
    _Cause("WRONG_VERSION_NUMBER", Denied, "does not speak TLS", "see whether the URL should begin with http:"),
    _Cause("TSI_DATA_CORRUPTED", Denied, CLIENT_REJECTED, _RENEW),
    _Cause("ALERT", Denied, CLIENT_REJECTED, _RENEW),
    # The TCP connection stood, but nobody answered the handshake.
    _Cause("Endpoint closing", ConnectFailed, "timed out connecting"),
    _Cause("Timeout occurred", ConnectFailed, "timed out connecting"),
    _Cause("timed out", ConnectFailed, "timed out connecting"),
    _Cause("failed to connect", ConnectFailed, "not reachable", "see whether the URL should begin with https:"),
    _Cause("ping timeout", ConnectionLost, "stopped answering"),
    _Cause("Cannot invoke RPC", ConnectFailed, "connection closed"),
)
_LOST = _Cause("", ConnectionLost, "connection lost")
_REFUSING_CODES = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)


def translate(error: Exception, *, where: str, timeout_s: float) -> ConnectorError:
    """Return what the error means. `error` is what grpc raised: an RpcError, or ValueError on a closed channel."""
    code = error.code() if isinstance(error, grpc.Call) else None
    text = (error.details() or "") if isinstance(error, grpc.Call) else str(error)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimedOut(f"timed out {timeout_s:.1f} s", where=where)
    # etcd's own words come through whatever the code is; it uses UNAVAILABLE for most of them.
    if "etcdserver: " in text or code not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, None):
        return _answered(code, text, where)
    cause = next((cause for cause in _CAUSES if cause.sign in text), _LOST)
    return cause.kind(cause.message, where=where, remedy=cause.remedy)


def _answered(code: grpc.StatusCode | None, text: str, where: str) -> ConnectorError:
    """Return what a failure that etcd itself reported means."""
    words = text.removeprefix("rpc error: ").rpartition("etcdserver: ")[2] or "failed without a reason"
    if "request timed out" in words or "context deadline exceeded" in words:
        # The proposal may still be committed when quorum returns.
        return TimedOut(words, where=where)
    # Its server says so, or its raft, which may go first.
    if words in ("server stopped", "raft: stopped"):
        # It may have handed the proposal on before it went: then the others commit it.
        return ConnectionLost(words, where=where)
    if code in _REFUSING_CODES:
        return Denied(words, where=where, remedy="use a certificate that etcd lets do this")
    return RemoteFailed(words, where=where)
