"""What a list of sessions says of each, from the first and last records of its journal alone.

For lists of all sessions, however many and long, also damaged ones and those that another process writes. Must never
read a whole journal: what follows from all events is `session_histories`' to tell, of a few.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haops.errors import JournalError
from haops.formats.journal_record import Record, find_whole_lines
from haops.runtime.journal_lock import Holder, find_writer
from haops.runtime.journal_reader import MAX_LINE_BYTES, open_journal
from haops.runtime.journal_segment import list_segments
from haops.runtime.paths import list_sessions
from haops.runtime.private_files import open_to_read

TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One session in a list. Times are the records' own texts (UTC); `state` is what it waits for.

    `state` is one of: running, closed, left, interrupted, unreadable. `runbook` is the last one that the ends tell of.
    """

    session: str
    path: Path
    state: str
    begun: str = ""
    last: str = ""
    records: int = 0
    cluster: str = ""
    mode: str = ""
    operator: str = ""
    runbook: str = ""
    writer: Holder | None = None
    problem: str = ""


def summaries() -> Iterator[Summary]:
    """Yield a summary of every session in the state directory, the newest first."""
    return (summarise(path) for path in list_sessions())


def summarise(path: Path) -> Summary:
    """Return what the ends of a journal say. Never raises: a journal that cannot be read says so."""
    try:
        directory = open_journal(path)
    except JournalError as error:
        return Summary(session=path.name, path=path, state="unreadable", problem=error.message)
    try:
        return _summary(directory, path)
    except OSError as error:
        return Summary(session=path.name, path=path, state="unreadable", problem=error.strerror or str(error))
    finally:
        os.close(directory)


def _summary(directory: int, path: Path) -> Summary:
    """Return the summary of an open journal."""
    segments = list_segments(directory)
    first = _records(directory, segments[0], tail=False)
    last = _records(directory, segments[-1], tail=True) or first
    writer = find_writer(directory)
    if not first:
        state = "running" if writer else "unreadable"
        return Summary(session=path.name, path=path, state=state, problem="it has no record", writer=writer)
    opened = first[0].body if first[0].type == "session.opened" else {}
    chosen = [record.body for record in (*first, *last) if record.type == "runbook.chosen"]
    return Summary(
        session=first[0].sid, path=path, state=_state(last, running=writer is not None), begun=first[0].wall,
        last=last[-1].wall, records=last[-1].seq, cluster=_text(opened, "cluster"), mode=_text(opened, "mode"),
        operator=_text(opened, "operator"), runbook=_text(chosen[-1], "name") if chosen else "", writer=writer,
    )  # fmt: skip


def _records(directory: int, name: str, *, tail: bool) -> list[Record]:
    """Return the records at one end of a segment; the first one alone may be long."""
    with os.fdopen(open_to_read(directory, name), "rb") as file:
        if tail:
            # The line that this begins in the middle of is passed over, as it is not whole.
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            content = file.read(TAIL_BYTES)
        else:
            # The first record holds the inventory's text, and may be longer than all others.
            content = file.readline(MAX_LINE_BYTES) + file.read(TAIL_BYTES)
    return [record for _, record in find_whole_lines(content)]


def _state(last: list[Record], *, running: bool) -> str:
    """Return where the session stands, by its last records."""
    if running:
        return "running"
    types = [record.type for record in last]
    # Not the last one only: notes and measurements may follow the end.
    if "session.closed" in types:
        return "closed"
    return "left" if types[-1] == "session.left" else "interrupted"


def _text(body: Any, key: str) -> str:
    """Return a text of a body; a hostile journal may hold anything there."""
    value = body.get(key, "")
    return value if isinstance(value, str) else ""
