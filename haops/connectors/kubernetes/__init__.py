"""Kubernetes API servers, one by one, each by its own address.

Owns how an API server is reached with the kubeconfig's credentials, and the few typed reads of the panes (`reads`).
Must never go through the load balancer when a direct address was asked for, and never send a request twice. The first
`connect` loads the official client's package; importing this one does not.
"""

from haops.connectors.seam import ApiClient
from haops.core.inventory import ApiEndpointAddress, KubernetesAccess

__all__ = ["connect"]


def connect(endpoint: ApiEndpointAddress, access: KubernetesAccess) -> ApiClient:
    """Return a client of that API server alone; nothing is sent until it is asked something.

    Raises InputError if the kubeconfig is missing or broken, Denied if its certificates cannot be used.
    """
    from haops.connectors.kubernetes.client import EndpointClient  # noqa: PLC0415 - loads the official client, 200 ms
    from haops.connectors.kubernetes.kubeconfig import load_credentials  # noqa: PLC0415 - the same

    return EndpointClient(endpoint, load_credentials(access))
