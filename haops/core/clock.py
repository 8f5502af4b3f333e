"""What the core and everything above it may ask of time. Owns the protocol only; `runtime.clock` has the real one."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time is shown, never compared; order and durations come from the monotonic clock."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps; only differences mean anything."""

    def boot_id(self) -> str:
        """Return the kernel's boot id: monotonic times compare only within one boot."""
