"""Facts about the API servers, each by its own address."""

from haops.core.facts.registry import Seen, fact, host_fact
from haops.core.inventory import ApiEndpointAddress
from haops.core.observations import Kind

_API = Kind.API_ENDPOINT


def _direct(seen: Seen) -> tuple[ApiEndpointAddress, ...]:
    """Return the endpoints that are single servers, not a virtual address."""
    endpoints = seen.inventory.kubernetes.endpoints if seen.inventory.kubernetes else ()
    return tuple(endpoint for endpoint in endpoints if not endpoint.virtual)


def _is_open_question(seen: Seen) -> bool:
    """Return whether there is a server of which nothing is known."""
    return seen.unknown(_API, (endpoint.name for endpoint in _direct(seen))) > 0


@fact("api.expected", "API servers in the inventory")
def _expected(seen: Seen) -> int:
    return len(_direct(seen))


@fact("api.answering", "API servers that answer HTTP at all, ready or not", _API)
def _answering(seen: Seen) -> int | None:
    if _is_open_question(seen):
        return None
    return sum(seen.picture.value(_API, endpoint.name) is not None for endpoint in _direct(seen))


@fact("api.unasked", "API servers that could not be asked: no key here, or they refuse who we are", _API)
def _unasked(seen: Seen) -> int | None:
    return seen.unasked(_API) if seen.looked_at(_API) else None


@fact("api.ready", "API servers whose /readyz says ok", _API)
def _ready(seen: Seen) -> int | None:
    if _is_open_question(seen):
        return None
    answers = (seen.picture.value(_API, endpoint.name) for endpoint in _direct(seen))
    return sum(bool(answer is not None and answer.ready) for answer in answers)


@host_fact("host.api_answering", "whether this host's API server answers HTTP at all", _API)
def _host_answering(seen: Seen, host: str) -> bool | None:
    if not seen.looked_at(_API):
        return None
    return any(seen.picture.value(_API, e.name) is not None for e in _direct(seen) if e.host == host)


@host_fact("host.api_ready", "whether this host's API server is ready", _API)
def _host_ready(seen: Seen, host: str) -> bool | None:
    if not seen.looked_at(_API):
        return None
    answers = [seen.picture.value(_API, e.name) for e in _direct(seen) if e.host == host]
    return any(answer is not None and answer.ready for answer in answers)
