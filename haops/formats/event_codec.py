"""Events to journal bodies and back.

Owns how an event's fields are written: JSON values without floats (RFC 8785 numbers differ between languages, so a
float is written as {"float": TEXT}). A type that this version does not know is kept as `UnknownEvent`, never dropped.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from haops.core import events as ev
from haops.core.session import Entry
from haops.formats.journal_record import Record


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(ev.Event, type=""):
    """An event of a newer haops, `name` in its journal: it stands in the record and changes nothing."""

    name: str
    body: Mapping[str, Any]


def encode_event(event: ev.Event) -> dict[str, Any]:
    """Return the journal body of an event."""
    return {field.name: _plain(getattr(event, field.name)) for field in dataclasses.fields(event)}


def decode_event(name: str, body: Mapping[str, Any]) -> ev.Event:
    """Return the event of a journal body. Raises ValueError if a known type's fields do not fit."""
    kind = ev.EVENTS.get(name)
    if kind is None:
        return UnknownEvent(name=name, body=body)
    known = {field.name for field in dataclasses.fields(kind)}
    # Fields that only a newer haops knows are passed over; the record keeps them.
    fields = {key: _restored(value) for key, value in body.items() if key in known}
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"record of type {name}: {error}") from None


def entry_of(record: Record) -> Entry:
    """Return what the fold takes, from what the journal holds."""
    return Entry(seq=record.seq, wall=record.wall, event=decode_event(record.type, record.body))


def _plain(value: Any) -> Any:
    """Return a value as JSON without floats."""
    match value:
        case float():
            return {"float": repr(value)}
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case tuple() | list() | frozenset():
            return [_plain(part) for part in value]
        case str() | int() | bool() | None:
            return value
    return str(value)


def _restored(value: Any) -> Any:
    """Return a value as it was before `_plain`, but for lists, which conversion makes tuples where fields say so."""
    match value:
        # Alone only: a mapping of somebody else's may have such a key beside others.
        case {"float": str(text), **rest} if not rest:
            return float(text)
        case Mapping():
            return {key: _restored(part) for key, part in value.items()}
        case list() | tuple():
            return [_restored(part) for part in value]
    return value
