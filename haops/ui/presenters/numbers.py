"""Numbers as a person reads them at three in the morning: grouped, rounded, with their unit."""

from datetime import UTC, datetime

_TENTH = 0.1
_MINUTE = 60
_HOUR = 3600
_DAY = 86400
_KILO = 1000


def count(number: int) -> str:
    """Return a whole number in groups of three: `1 284 331`."""
    # A space groups digits in every country; a comma is a decimal mark in some.
    return f"{number:,}".replace(",", " ")


def count_within(number: int, width: int) -> str:
    """Return a whole number in groups of three if that fits, else without groups: every digit counts."""
    grouped = count(number)
    return grouped if len(grouped) <= width else str(number)


def plural(number: int, one: str, many: str = "") -> str:
    """Return `1 change`, `2 changes`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def span_of(seconds: float) -> str:
    """Return a length of time in its largest fitting unit: `<0.1 s`, `0.4 s`, `14 s`, `3 min 20 s`, `2 h`, `9 days`."""
    whole = int(seconds)
    if seconds < 1:
        # `0 s` would say that nothing was done.
        return "0 s" if seconds <= 0 else f"{seconds:.1f} s" if seconds >= _TENTH else f"<{_TENTH} s"
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return plural(whole // _DAY, "day")


def rough_span(seconds: float) -> str:
    """Return a length of time in its largest fitting unit alone: `14 s`, `22 min`, `5 h`, `9 days`."""
    whole = max(int(seconds), 0)
    if whole >= _DAY:
        return plural(whole // _DAY, "day")
    for unit, length_s in (("h", _HOUR), ("min", _MINUTE)):
        if whole >= length_s:
            return f"{whole // length_s} {unit}"
    return f"{whole} s"


def tight_span(seconds: float) -> str:
    """Return a length of time in at most seven cells, for a narrow column: `0.4 s`, `7m 07s`, `2h 05m`."""
    whole = int(seconds)
    if whole < _MINUTE:
        return span_of(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"


def short_age(seconds: float) -> str:
    """Return an age in one unit, for a narrow column: `62 s ago`, `12 m ago`, `3 h ago`, `9 d ago`."""
    # The larger unit from two of them on, minutes from 100 s: before that the smaller one says more.
    for unit, length_s, from_s in (("d", _DAY, 2 * _DAY), ("h", _HOUR, 2 * _HOUR), ("m", _MINUTE, 100)):
        if seconds >= from_s:
            return f"{int(seconds // length_s)} {unit} ago"
    return f"{int(seconds)} s ago"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    """Return two units, the smaller one only if it is not nothing."""
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def clock_span(seconds: float) -> str:
    """Return elapsed time as `+00:07:31`."""
    whole = max(int(seconds), 0)
    return f"+{whole // _HOUR:02}:{whole % _HOUR // _MINUTE:02}:{whole % _MINUTE:02}"


def size(size_bytes: int) -> str:
    """Return a size in powers of ten: `812 B`, `31 MB`, `1.4 GB`."""
    # As etcd and disks count, not in powers of two.
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _KILO:
            return f"{value:.1f} {unit}" if unit == "GB" else f"{value:.0f} {unit}"
        value /= _KILO
    return f"{value:.1f} TB"


def milliseconds(latency_ms: float) -> str:
    """Return a latency: `0.4 ms`, `12 ms`."""
    return f"{latency_ms:.0f} ms" if latency_ms >= 1 else f"{latency_ms:.1f} ms"


def wall(text: str) -> datetime | None:
    """Return a record's wall clock text as a time, or None if it is not one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Records are in UTC; a text without a zone is taken for that.
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def since(text: str, now: datetime) -> float | None:
    """Return the seconds from a record's wall clock text until now, or None if it is not a time."""
    begun = wall(text)
    return (now - begun).total_seconds() if begun else None


def time_of_day(at: datetime) -> str:
    """Return the time in UTC: `03:21:07`."""
    return at.astimezone(UTC).strftime("%H:%M:%S")
