"""What every observer is, and how a measurement becomes an observation.

Owns the protocol and `look`, which turns a connector's error into the few words that a pane has room for. Must never
judge what was seen.
"""

from collections.abc import Callable
from typing import Any, Protocol

from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import Kind, Observation
from haops.errors import Denied, HaopsError, InputError

_SHOWN_CHARACTERS = 200


class Observer(Protocol):
    """Looks at things of one kind. Groups are independent: each may be observed in a thread of its own, at any time."""

    name: str
    """The kind that it yields, and its name in a runbook's `check` list."""

    interval_s: float
    """How often the poller looks by itself; 0 means only when asked."""

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return what is asked with one call each: members, hosts, endpoints; nothing if the inventory has none."""

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Look at one group now; never raises: what went wrong is in the observation's `error`.

        `thorough` also measures what is too costly for every look. Takes at most about twice `timeout_s`.
        """


def look(kind: Kind, subject: str, *, source: str, clock: Clock, measure: Callable[[], Any]) -> Observation:
    """Return the observation of what `measure` returns, or of why it could not be measured."""
    value: Any = None
    error, unasked = "", False
    try:
        value = measure()
    except HaopsError as failed:
        # A shut door, or a file that is missing here: the thing itself was never asked.
        error, unasked = in_few_words(failed), isinstance(failed, Denied | InputError)
    except Exception as mistake:  # noqa: BLE001 - what an answer makes of our own code must not end the looking
        error = own_mistake(mistake)
    return Observation(
        kind=kind,
        subject=subject,
        observed_at=clock.now(),
        monotonic_s=clock.monotonic(),
        source=source,
        value=value,
        error=error,
        unasked=unasked,
    )


def own_mistake(error: Exception) -> str:
    """Return a mistake of haops itself in words for a pane."""
    return f"haops itself failed: {type(error).__name__}: {str(error)[:_SHOWN_CHARACTERS]}"


def in_few_words(error: HaopsError) -> str:
    """Return the error without its place, which the source beside it tells; only a file here must be named."""
    is_file = error.where.startswith(("/", "~"))
    return f"{error.message} ({error.where})" if is_file else error.message
