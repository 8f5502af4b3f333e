"""Earlier drills of the same kind, read from their journals: how long each step took.

Owns that reading. A journal that cannot be read is passed over: an old drill must never break a new one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from haops.core import events as ev
from haops.core.session import Entry
from haops.errors import HaopsError
from haops.formats.event_codec import entry_of
from haops.runtime.journal_reader import read_journal
from haops.runtime.paths import list_sessions

# The latest are what counts; reading the journals of years would hold up the report.
_DRILLS_READ = 20
_MS = 1000


@dataclass(frozen=True, slots=True)
class DrillKind:
    """What makes two drills comparable."""

    scenario: str
    variant: str
    flavour: str


def earlier_durations(kind: DrillKind, but: str) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return (step, host) -> seconds in the latest earlier drills of this kind, the newest first; `but` is left out."""
    durations: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for entries in _drills(kind, but):
        for entry in entries:
            event = entry.event
            if isinstance(event, ev.AttemptEnded) and event.outcome == "succeeded":
                durations[event.step, event.target].append(event.duration_ms / _MS)
    return {key: tuple(values) for key, values in durations.items()}


def _drills(kind: DrillKind, but: str) -> Iterator[list[Entry]]:
    """Yield the entries of the latest drills of a kind."""
    found = 0
    for directory in list_sessions():
        if found >= _DRILLS_READ:
            return
        if directory.name == but:
            continue
        try:
            entries = [entry_of(record) for record in read_journal(directory).records]
        except (HaopsError, ValueError, OSError):
            continue
        opened = entries[0].event if entries else None
        if isinstance(opened, ev.SessionOpened) and DrillKind(opened.scenario, opened.variant, opened.flavour) == kind:
            found += 1
            yield entries
