"""The timeline as it grows: one line for each thing that happened, key moments marked, durations between them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from haops.ui.presenters.lines import Line, Role, Span, dim, line, wrap
from haops.ui.presenters.numbers import span_of, time_of_day
from haops.ui.sources import Happened


class Story:
    """The entries of a timeline, read anew only when the journal has grown."""

    def __init__(self, read: Callable[[], Sequence[Happened]]) -> None:
        self._read = read
        # No journal has so few: the first question always reads.
        self._events = -1
        self._entries: Sequence[Happened] = ()

    def at(self, events: int) -> Sequence[Happened]:
        """Return the entries when the journal has so many events."""
        if events != self._events:
            self._events, self._entries = events, self._read()
        return self._entries


def timeline_lines(entries: Sequence[Happened], width: int) -> list[Line]:
    """Return one line per entry: UTC and local time, what happened; for a key moment the time since the last one."""
    if not entries:
        return [line(dim("Nothing is in the journal yet."))]
    lines: list[Line] = [line(dim("UTC       local     what happened"))]
    before: datetime | None = None
    for entry in entries:
        # 22 cells are both times with their gaps: a sentence goes on below itself.
        lines += wrap(_entry(entry, before), width, indent=" " * 22)
        before = entry.at if entry.moment else before
    return lines


def _entry(entry: Happened, before: datetime | None) -> Line:
    """Return one entry."""
    # The bastion's zone beside UTC: logs on hosts and in tickets may be in either.
    local = entry.at.astimezone().strftime("%H:%M:%S")
    times = dim(f"{time_of_day(entry.at)}  {local}  ")
    if not entry.moment:
        return line(times, f"  {entry.sentence}")
    since = f" (+{span_of((entry.at - before).total_seconds())})" if before else ""
    return line(times, Span(f"◆ {entry.moment.upper()}{since}  ", Role.ACCENT), entry.sentence)
