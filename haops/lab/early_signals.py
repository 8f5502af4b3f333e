"""Signals that came before the process was there that they are for.

Ctrl-C reaches every program that the terminal has at that moment, so one that is only being started misses it. Owns
handing it on. Must never let a process hear a signal twice.
"""

import os
import signal
from collections.abc import Iterable


def hand_on(numbers: Iterable[int], child: int) -> None:
    """Send `child` what came to this process, which blocks these signals, before the child was there.

    The child must still block them as well: what came to both is pending there already and stays one signal.
    """
    while received := signal.sigtimedwait(numbers, 0):
        os.kill(child, received.si_signo)
