"""Journal records as the timeline takes them. A record that cannot be understood becomes one that only says so."""

from datetime import UTC, datetime

from haops.core.timeline import Noted
from haops.formats.event_codec import UnknownEvent, decode_event
from haops.formats.journal_record import Record

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def noted_of(record: Record) -> Noted:
    """Return a record with its event and its time."""
    try:
        event = decode_event(record.type, record.body)
    except ValueError:
        event = UnknownEvent(name=record.type, body=record.body)
    return Noted(
        seq=record.seq,
        at=_time_of(record.wall),
        mono_us=record.mono_us,
        boot=record.boot,
        hash=record.hash,
        event=event,
    )


def _time_of(text: str) -> datetime:
    """Return a record's wall time; a hostile one becomes the beginning of 1970, so that it stands out."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _NO_TIME
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
