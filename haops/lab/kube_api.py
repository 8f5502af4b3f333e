"""A thin Kubernetes API client for the lab's own small needs: raw JSON over HTTPS with a kubeconfig's credentials.

Must never be used to observe a cluster for a person: `connectors.kubernetes` is for that.
"""

import base64
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml

from haops.connectors.tls import verifying_context
from haops.errors import LabError

# Asked again and again while the API servers start: each try has to end soon.
_TIMEOUT = urllib3.Timeout(connect=2.0, read=5.0)
JSON = "application/json"
STRATEGIC_MERGE = "application/strategic-merge-patch+json"
CONFLICT = 409
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer; the body is empty when it was not JSON."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        """Tell whether the status is of the 200s."""
        return self.status // 100 == 2  # noqa: PLR2004 - the class of statuses that mean success

    def checked(self, what: str) -> Mapping[str, Any]:
        """Return the body. LabError naming `what` unless the API agreed."""
        if not self.is_ok:
            raise LabError(f"{what}: the API answered {self.status} {self.body.get('message', '')}")
        return self.body


class KubeApi:
    """One API server, as the kubeconfig's current user."""

    def __init__(self, kubeconfig: Path, *, server: str = "") -> None:
        content = yaml.safe_load(kubeconfig.read_text())
        # kubeadm writes one of each.
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        self._server = server or cluster["server"]
        context = verifying_context(cadata=_decoded(cluster["certificate-authority-data"]))
        _load_client_certificate(context, _decoded(user["client-certificate-data"]), _decoded(user["client-key-data"]))
        # urllib3's own three retries would make four times the timeout of it.
        self._pool = urllib3.PoolManager(ssl_context=context, retries=False, timeout=_TIMEOUT, maxsize=1)

    def get(self, path: str) -> Reply:
        """Read. LabError if the server cannot be reached."""
        return self._request("GET", path)

    def create(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Create in a collection. LabError if the server cannot be reached."""
        return self._request("POST", path, body)

    def replace(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Replace an object. LabError if the server cannot be reached."""
        return self._request("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Merge into an object, strategically. LabError if the server cannot be reached."""
        return self._request("PATCH", path, body, STRATEGIC_MERGE)

    def delete(self, path: str) -> Reply:
        """Delete at once. LabError if the server cannot be reached."""
        # With a period of grace a pod stays until a kubelet has confirmed its end.
        return self._request("DELETE", path, {"gracePeriodSeconds": 0})

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = JSON) -> Reply:
        try:
            response = self._pool.request(
                method,
                self._server + path,
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": kind, "Accept": JSON},
            )
        except urllib3.exceptions.HTTPError as error:
            raise LabError(f"{method} {path}: {error}", where=self._server) from error
        try:
            return Reply(response.status, json.loads(response.data))
        except ValueError:
            return Reply(response.status, {})


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _load_client_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # The ssl module takes files only; this one has no name and never touches a disk.
    descriptor = os.memfd_create("client-certificate")
    try:
        os.write(descriptor, f"{certificate}\n{key}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
