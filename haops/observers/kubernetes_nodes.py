"""The nodes and their Ready conditions, thousands of them in one look.

Must never keep more of a node than its name.
"""

from collections.abc import Iterable

from haops.connectors.kubernetes import reads
from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import Kind, Node, Observation
from haops.errors import HaopsError
from haops.observers.answering_endpoint import AnsweringEndpoint
from haops.observers.observer import in_few_words

_ROLE = "node-role.kubernetes.io/"
_UNNAMED = "*"
_SOURCE = "/api/v1/nodes"


class KubernetesNodes:
    """All nodes, from the first API server that answers.

    When none does, every node known gets that error; before any is known, the subject `*` has it. A node that is no
    longer listed gets the error "gone".
    """

    name = Kind.NODE.value
    interval_s = 5.0

    def __init__(self) -> None:
        self._endpoint = AnsweringEndpoint()
        self._known: frozenset[str] = frozenset()

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return one group of all nodes, if there is anybody to ask."""
        return ("nodes",) if inventory.kubernetes and inventory.kubernetes.endpoints else ()

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Return an observation of each node."""
        del group, thorough  # there is one group, and no cheaper look
        try:
            # All pages before any of them counts: after half a list the other half would look gone.
            nodes = self._endpoint.ask(
                connections,
                lambda api, left_s: tuple(reads.nodes(api, timeout_s=left_s)),
                timeout_s=timeout_s,
                clock=clock,
            )
        except HaopsError as error:
            return _errors(self._known or {_UNNAMED}, in_few_words(error), clock)
        values = {node.metadata.name: _node(node) for node in nodes}
        gone = self._known - values.keys()
        # A node that is gone is told once, then forgotten.
        self._known = frozenset(values)
        return (*_observations(values, clock), *_errors(gone, "gone", clock))


def _node(node: reads.NodeObject) -> Node:
    """Return what a pane shows of a node."""
    # A node that has never reported has no such condition yet.
    ready = next((each for each in node.status.conditions if each.type == "Ready"), reads.Condition())
    return Node(
        ready=ready.status,
        reason=ready.reason,
        kubelet_version=node.status.node_info.kubelet_version,
        roles=tuple(label.removeprefix(_ROLE) for label in node.metadata.labels if label.startswith(_ROLE)),
        unschedulable=node.spec.unschedulable,
    )


def _observations(values: dict[str, Node], clock: Clock) -> tuple[Observation, ...]:
    """Return an observation of each node; they were all seen at the same moment."""
    now, monotonic_s = clock.now(), clock.monotonic()
    return tuple(
        Observation(kind=Kind.NODE, subject=name, observed_at=now, monotonic_s=monotonic_s, source=_SOURCE, value=value)
        for name, value in values.items()
    )


def _errors(names: Iterable[str], error: str, clock: Clock) -> tuple[Observation, ...]:
    """Return the same error for each name."""
    now, monotonic_s = clock.now(), clock.monotonic()
    return tuple(
        Observation(kind=Kind.NODE, subject=name, observed_at=now, monotonic_s=monotonic_s, source=_SOURCE, error=error)
        for name in names
    )
