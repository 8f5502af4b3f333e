"""Named places where a test makes haops die, stop or fail, to see what a crash exactly there leaves behind.

`HAOPS_FAILPOINT=name:action[:nth]` (several with commas; action is kill, raise or sleep) is honoured only with
`HAOPS_TEST=1`. Without it every point is one comparison. Must never do anything in a session of a person.
"""

import os
import signal
import time

# Long enough for a test to look, or to kill, at that point.
SLEEP_S = 5.0


class FailpointRaised(Exception):
    """A failpoint with the action `raise` was reached; its name is the argument."""


def reach(name: str) -> None:
    """Say that the program is at a named place. Does nothing unless a test armed it."""
    if _armed and name in _armed:
        _act(name)


def _act(name: str) -> None:
    """Do what was armed when the point is reached for the nth time."""
    action, left = _armed[name]
    _armed[name] = (action, left - 1)
    if left != 1:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "sleep":
        time.sleep(SLEEP_S)
        return
    raise FailpointRaised(name)


def _parse(text: str) -> dict[str, tuple[str, int]]:
    """Return name -> (action, how often it must be reached) from `name:action[:nth],...`."""
    armed: dict[str, tuple[str, int]] = {}
    for item in filter(None, text.split(",")):
        name, action, nth = (*item.split(":"), "1")[:3]
        armed[name] = (action, int(nth))
    return armed


_armed = _parse(os.environ.get("HAOPS_FAILPOINT", "")) if os.environ.get("HAOPS_TEST") == "1" else {}
