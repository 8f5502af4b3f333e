"""Times and durations of a timeline as text: the same in every format."""

from datetime import UTC, datetime

_SECOND_MS = 1000
_MINUTE_S = 60
_HOUR_S = 3600


def utc_text(at: datetime) -> str:
    """Return a time in UTC to the millisecond: 2026-11-21 03:14:07.123."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def local_text(at: datetime) -> str:
    """Return a time as its own zone has it, with the offset: 04:14:07 +0100."""
    return at.strftime("%H:%M:%S %z")


def offset_text(offset_ms: int) -> str:
    """Return the time since the beginning: 00:01:02.3."""
    seconds = offset_ms // _SECOND_MS
    hours, rest = divmod(seconds, _HOUR_S)
    return f"{hours:02}:{rest // _MINUTE_S:02}:{rest % _MINUTE_S:02}.{offset_ms % _SECOND_MS // 100}"


def duration_text(milliseconds: int | None) -> str:
    """Return a duration as people say it: 0.42 s, 12.3 s, 2 min 5 s, 1 h 12 min."""
    if milliseconds is None:
        return "not known"
    seconds = milliseconds / _SECOND_MS
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


def measured_text(value: int | None, unit: str) -> str:
    """Return an objective's number: milliseconds as a duration, anything else with its unit."""
    if unit == "ms":
        return duration_text(value)
    return "not known" if value is None else f"{value} {unit}"
