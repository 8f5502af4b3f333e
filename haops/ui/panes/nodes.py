"""What the API itself knows: leases of controller-manager and scheduler, and nodes. Old when the API is down."""

from haops.core.observations import Kind, Lease, Node, Observation, Sight
from haops.core.view import View
from haops.ui.panes.pane import Pane, Place, names_api_servers
from haops.ui.presenters.freshness import last_good_age
from haops.ui.presenters.lines import Role, Span
from haops.ui.presenters.marks import AILING, DOWN, UP, Mark
from haops.ui.presenters.numbers import span_of
from haops.ui.presenters.tables import Column, Row, Table

COLUMNS = (
    Column(title="", width=1),
    Column(title="", width=5),
    Column(title="name", width=24),
    Column(title="state", width=20, grows=True),
    Column(title="since", width=14, right=True, volatile=True),
)
_NOBODY_TO_ASK = "The inventory names no API server."


def _table(view: View) -> Table:
    """Return the leases, then the nodes, in the order in which they were first seen."""
    leases = (_row("lease", view, name, sight) for name, sight in view.picture.of(Kind.LEASE))
    nodes = (_row("node", view, name, sight) for name, sight in view.picture.of(Kind.NODE))
    empty = "No API server has told about leases or nodes yet." if names_api_servers(view) else _NOBODY_TO_ASK
    return Table(COLUMNS, (*leases, *nodes), empty)


def _row(what: str, view: View, name: str, sight: Sight) -> Row:
    """Return one row; without an answer the last value stays, with its age."""
    known = sight.last_good
    mark, word = _state(known)
    if not sight.newest.ok:
        kept = f" (was: {word})" if known else ""
        mark, word = DOWN, f"{sight.newest.error}{kept}"
    age = Span(last_good_age(view, sight), Role.STALE if not sight.newest.ok else Role.DIM)
    return Row(f"{what}/{name}", (mark.span, Span(what, Role.DIM), Span(name), Span(word, mark.role), age))


def _state(known: Observation | None) -> tuple[Mark, str]:
    """Return how a lease or a node stands."""
    match known.value if known else None:
        case Lease() as lease:
            # A lease that does not say how long it holds cannot be late.
            is_late = bool(lease.duration_s) and lease.renewed_age_s > lease.duration_s
            # The age is that of the reading; how old the reading is stands in the last column.
            renewed = f"held by {lease.holder}, renewed {span_of(lease.renewed_age_s)} before it was read"
            return (AILING, f"EXPIRED, {renewed}") if is_late else (UP, renewed)
        case Node() as node:
            cordoned = ", cordoned" if node.unschedulable else ""
            # Kubernetes has three answers here, and all of them are texts.
            word = {"True": "Ready", "False": "NotReady"}.get(node.ready, "Unknown")
            reason = f" ({node.reason})" if node.reason and node.ready != "True" else ""
            return UP if node.ready == "True" else AILING, f"{word}{reason}{cordoned}"
    return DOWN, "never answered"


PANE = Pane(
    name="nodes",
    number=5,
    title="leases and nodes",
    place=Place.BOTTOM,
    share=100,
    table=_table,
    kinds=(Kind.LEASE, Kind.NODE),
    asks=names_api_servers,
    source="the API",
    asked="the API, at the first server that answers",
    explains=(
        "What the API knows: who leads the controller-managers and schedulers and when they renewed their lease, and "
        "whether nodes are Ready. When no API server answers, the last values stay, with their age."
    ),
)
