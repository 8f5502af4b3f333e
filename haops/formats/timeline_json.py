"""The timeline as one JSON object in printable ASCII: for programs, and for comparing one session with another."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from haops.core.timeline.values import Timeline
from haops.formats.timeline_document import ToLocal

VERSION = 1


def timeline_json(timeline: Timeline, to_local: ToLocal) -> str:
    """Return everything that a timeline holds. Times are UTC; `begun_local` carries the reader's offset."""
    value = {"version": VERSION, **_plain(timeline), "begun_local": to_local(timeline.begun).isoformat()}
    # ASCII, as json does unless told otherwise: no terminal acts on what is printed.
    return json.dumps(value, indent=2) + "\n"


def _plain(value: Any) -> Any:
    """Return a value in JSON's own types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
