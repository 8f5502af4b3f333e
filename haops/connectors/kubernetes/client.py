"""One API server, asked one thing at a time.

Owns the calls behind `seam.ApiClient`. Must never turn to another endpoint or repeat a request.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from haops.connectors.kubernetes.kubeconfig import Credentials
from haops.connectors.one_request import Origin
from haops.connectors.seam import HttpAnswer
from haops.core.inventory import ApiEndpointAddress


class EndpointClient:
    """A `seam.ApiClient`. Safe to use from several threads."""

    def __init__(self, endpoint: ApiEndpointAddress, credentials: Credentials) -> None:
        self._headers = credentials.headers
        self._origin = Origin(endpoint.url, tls=credentials.tls, server_name=credentials.server_name)

    def request(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: bytes | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one request and return its answer, whatever its status.

        Raises ConnectFailed (nothing was asked), Denied, TimedOut or ConnectionLost.
        """
        headers = {"Accept": "application/json", "User-Agent": "haops", **self._headers()}
        if body is not None:
            headers["Content-Type"] = content_type
        target = f"{path}?{urlencode(query)}" if query else path
        return self._origin.send(method, target, timeout_s=timeout_s, headers=headers, body=body)

    def close(self) -> None:
        """Drop the kept connections."""
        self._origin.close()
