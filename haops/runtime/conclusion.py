"""Whether all that a runbook wants to hold at its end holds.

Owns the looks that this takes and the record that says so. Must never call a runbook done on anything but a fresh look.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from haops.core import events as ev
from haops.core.clock import Clock
from haops.core.facts import kinds_for
from haops.core.inventory import BASTION
from haops.core.planning import Knowledge
from haops.core.runbook import Runbook
from haops.runtime.session_log import SessionLog

_KNOWN_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.5


class Conclusion:
    """Looks whether a runbook is done. `look` observes afresh by observer name; `stopped` ends the waiting."""

    def __init__(
        self,
        log: SessionLog,
        look: Callable[[tuple[str, ...]], Knowledge],
        clock: Clock,
        stopped: threading.Event,
    ) -> None:
        self._log = log
        self._look = look
        self._clock = clock
        self._stopped = stopped

    def check(self) -> str:
        """Look whether all that must hold at the end holds; record it if so. Returns what does not hold, in words.

        What is not known yet is looked at again for a while: hashes of members that are written to compare only once
        every member was asked at the same revision.
        """
        runbook = self._log.session.runbook
        if runbook is None:
            return "no runbook was chosen"
        kinds = kinds_for(tuple(name for condition in runbook.done for name in condition.names))
        deadline_s = self._clock.monotonic() + _KNOWN_WITHIN_S
        while True:
            known = self._look(tuple(sorted(kind.value for kind in kinds))).on(BASTION)
            answers = [condition.holds(known) for condition in runbook.done]
            # A clear no ends it at once; only what is not known is waited for.
            if False in answers or None not in answers or self._clock.monotonic() >= deadline_s:
                return self._conclude(runbook, known)
            self._stopped.wait(_LOOK_EVERY_S)

    def _conclude(self, runbook: Runbook, known: Mapping[str, Any]) -> str:
        """Record that all that must hold at the end holds, or return what does not, in words."""
        open_ones = [condition for condition in runbook.done if not condition.holds(known)]
        if open_ones:
            return "; ".join(f"{condition.text} ({condition.explain(known)})" for condition in open_ones)
        values = "; ".join(condition.explain(known) for condition in runbook.done)
        self._log.commit(ev.RunbookDone(conditions=tuple(c.text for c in runbook.done), values=values))
        return ""
