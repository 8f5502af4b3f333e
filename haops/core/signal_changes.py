"""From the signals on record to those that are true now. Must never judge: `signal` does."""

from collections.abc import Mapping, Sequence

from haops.core import events as ev
from haops.core.signal import Signal


def changes(known: Mapping[str, ev.SignalRaised], now: Sequence[Signal]) -> tuple[ev.Event, ...]:
    """Return the events that lead from the signals that are on record to those that are true now."""
    names = {signal.name for signal in now}
    raised = (
        ev.SignalRaised(name=signal.name, severity=signal.severity.value, sentence=signal.sentence) for signal in now
    )
    # Whole events are compared: one that became worse in the same words is news.
    news = (event for event in raised if known.get(event.name) != event)
    return (*news, *(ev.SignalCleared(name=name) for name in known if name not in names))
