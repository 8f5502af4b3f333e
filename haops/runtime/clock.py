"""This machine's clocks, behind the protocol that the core knows. Must never be asked for anything but time."""

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The real clock (see `haops.core.clock.Clock`)."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an unspecified moment of this boot; never jumps, stands still while suspended."""
        return time.monotonic()

    def boot_id(self) -> str:
        """Return the kernel's id of this boot, or an empty text where the kernel does not say."""
        return _boot_id()


@cache
def _boot_id() -> str:
    """Read the boot id once; it cannot change while this process lives."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
