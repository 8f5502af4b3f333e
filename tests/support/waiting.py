"""Wait for what will become true, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from haops.errors import ConnectorError

T = TypeVar("T")


def until(look: Callable[[], T], *, within_s: float = 30.0) -> T:
    """Return the first true answer of `look`; AssertionError, with the last answer or error, if there is none."""
    ends_s = time.monotonic() + within_s
    last: object = None
    while time.monotonic() < ends_s:
        try:
            answer = look()
        except ConnectorError as error:
            last = error
        else:
            if answer:
                return answer
            last = answer
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s; last: {last!r}")
