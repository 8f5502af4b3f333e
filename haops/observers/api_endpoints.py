"""API servers, each asked by its own address whether it is ready and, if not, why.

Must never ask through another endpoint. An answer of "not ready" is a value; only silence is an error.
"""

from haops.connectors.kubernetes import reads
from haops.connectors.seam import ApiClient, Connections
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import ApiEndpoint, Kind, Observation
from haops.errors import ConnectorError, TimedOut
from haops.observers.observer import look

# It changes with an upgrade only.
_VERSION_EVERY_S = 60.0
_OK = 200
_ETCD_CHECKS = ("etcd", "etcd-readiness")


class ApiEndpoints:
    """/readyz of each endpoint every second, /livez only of those not ready, the version once a minute.

    Without quorum an API server takes seconds to find out that its etcd fails, and says nothing until then. So one that
    keeps silent is asked again without those two checks: if it answers, etcd is what it waits for. That is told as
    status 0 with `etcd` among the failed checks. `live` leaves etcd out too: it is about the API server itself.
    """

    name = Kind.API_ENDPOINT.value
    interval_s = 1.0

    def __init__(self) -> None:
        self._versions: dict[str, tuple[str, float]] = {}

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return the endpoints' names."""
        return tuple(each.name for each in inventory.kubernetes.endpoints) if inventory.kubernetes else ()

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Return the observation of one endpoint."""

        def measure() -> ApiEndpoint:
            """Ask the endpoint once."""
            api = connections.api(group)
            try:
                answer = reads.readyz(api, timeout_s=timeout_s)
            # Without quorum the etcd checks were seen to say nothing for seconds; the others answer at once.
            except TimedOut:
                return _waiting_for_etcd(reads.readyz(api, timeout_s=timeout_s, exclude=_ETCD_CHECKS), timeout_s)
            ready = answer.http_status == _OK
            return ApiEndpoint(
                http_status=answer.http_status,
                ready=ready,
                live=ready or _is_live(api, timeout_s),
                failed_checks=answer.failed_checks,
                version=self._version(api, group, timeout_s, clock.monotonic(), asked=thorough) if ready else "",
                latency_ms=answer.duration_s * 1000,
            )

        source = f"{_url(connections.inventory, group)}/readyz"
        return (look(Kind.API_ENDPOINT, group, source=source, clock=clock, measure=measure),)

    def _version(self, api: ApiClient, endpoint: str, timeout_s: float, now_s: float, *, asked: bool) -> str:
        """Return the endpoint's version, asked for rarely; empty if it would not tell."""
        version, seen_s = self._versions.get(endpoint, ("", float("-inf")))
        if version and now_s - seen_s < _VERSION_EVERY_S and not asked:
            return version
        try:
            version = reads.version(api, timeout_s=timeout_s)
        except ConnectorError:
            return version
        self._versions[endpoint] = (version, now_s)
        return version


def _waiting_for_etcd(answer: reads.Readiness, waited_s: float) -> ApiEndpoint:
    """Return what an endpoint is that answers only when it is not asked about etcd."""
    return ApiEndpoint(
        http_status=0,
        ready=False,
        live=True,
        failed_checks=("etcd", *answer.failed_checks),
        # It took both questions to find out.
        latency_ms=(waited_s + answer.duration_s) * 1000,
    )


def _is_live(api: ApiClient, timeout_s: float) -> bool:
    """Return whether an endpoint that is not ready still calls itself alive."""
    try:
        # /livez has only the first of the two.
        return reads.livez(api, timeout_s=timeout_s, exclude=_ETCD_CHECKS[:1])
    except ConnectorError:
        return False


def _url(inventory: Inventory, endpoint: str) -> str:
    """Return where the endpoint is asked."""
    endpoints = inventory.kubernetes.endpoints if inventory.kubernetes else ()
    return next((each.url for each in endpoints if each.name == endpoint), endpoint)
