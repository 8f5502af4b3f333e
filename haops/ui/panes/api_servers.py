"""The API servers one by one and through the virtual address: /readyz and what of it failed."""

from haops.core.observations import ApiEndpoint, Kind, Sight
from haops.core.view import View
from haops.ui.panes.pane import Pane, Place, names_api_servers
from haops.ui.presenters.freshness import last_good_age
from haops.ui.presenters.lines import Role, Span, dim
from haops.ui.presenters.marks import AILING, DOWN, NOT_SEEN, UP, Mark
from haops.ui.presenters.numbers import milliseconds
from haops.ui.presenters.tables import Column, Row, Table

COLUMNS = (
    Column(title="", width=1),
    Column(title="name", width=5),
    Column(title="/readyz", width=9, grows=True),
    Column(title="", width=8, right=True, volatile=True),
)


def _table(view: View) -> Table:
    """Return one row for each endpoint of the inventory, in its order."""
    endpoints = view.inventory.kubernetes.endpoints if view.inventory.kubernetes else ()
    rows = tuple(_row(view, endpoint.name) for endpoint in endpoints)
    return Table(COLUMNS, rows, "The inventory names no API server.")


def _row(view: View, name: str) -> Row:
    """Return an endpoint's row."""
    sight = view.picture.get(Kind.API_ENDPOINT, name)
    mark, word, last = _state(view, sight)
    return Row(name, (mark.span, Span(name), Span(word, mark.role), last))


def _state(view: View, sight: Sight | None) -> tuple[Mark, str, Span]:
    """Return the mark, what it said in the field's words, and its latency or the age of its last answer."""
    if sight is None:
        return NOT_SEEN, "not seen", dim("-")
    if not sight.newest.ok:
        return DOWN, sight.newest.error, Span(last_good_age(view, sight), Role.STALE)
    answer: ApiEndpoint = sight.newest.value
    if answer.ready:
        return UP, "ready", Span(milliseconds(answer.latency_ms))
    failed = f"{', '.join(answer.failed_checks)} failed" if answer.failed_checks else "not ready"
    # Alive but not ready: it is starting, or waits for etcd. Not even alive is as good as down.
    return AILING if answer.live else DOWN, failed, Span(str(answer.http_status or "-"))


PANE = Pane(
    name="api",
    number=3,
    title="API servers",
    place=Place.TOP,
    # In a drill at 120 columns `etcd failed` can still be read whole.
    share=32,
    table=_table,
    kinds=(Kind.API_ENDPOINT,),
    asks=names_api_servers,
    source="/readyz of each",
    asked="/readyz of each server at its own address, and through the virtual one",
    explains=(
        "Each API server, asked for /readyz at its own address, and through the virtual address of the load balancer. "
        "What failed is named as the server names it. The number is its latency, or the HTTP status of a refusal."
    ),
)
