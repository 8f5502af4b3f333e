"""Looking by itself at what a waiting step needs to know and nobody looks at otherwise.

Owns one thread. Data directories, say, are looked at only when asked; a guard on them that is unknown or does not hold
would stand like that for ever. Must never look at what no waiting step needs.
"""

import threading
from collections.abc import Callable, Iterator

from haops.core.clock import Clock
from haops.core.facts import kinds_for
from haops.core.observations import Kind
from haops.core.planning import StepPlan
from haops.core.states import StepState
from haops.core.view import View
from haops.runtime.watcher import Watcher

_THINK_EVERY_S = 1.0
# Such a look runs scripts on hosts (sizes, revisions on disk): it should not be felt there.
_LOOK_EVERY_S = 5.0


class Curiosity:
    """Looks at what is needed and old or never seen. `view` gives the session with the plans of what is next."""

    def __init__(self, watcher: Watcher, clock: Clock, view: Callable[[], View]) -> None:
        self._watcher = watcher
        self._clock = clock
        self._view = view
        self._looked_s: dict[Kind, float] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._wonder, name="curiosity", daemon=True).start()

    def stop(self) -> None:
        """End after the look that is under way."""
        self._stopping.set()

    def _wonder(self) -> None:
        """Look at what is needed, again and again."""
        while not self._stopping.wait(_THINK_EVERY_S):
            now_s = self._clock.monotonic()
            due = [
                kind
                for kind in sorted(self._needed())
                if now_s - self._looked_s.get(kind, -_LOOK_EVERY_S) >= _LOOK_EVERY_S
            ]
            if due:
                # Before the look, which may take longer than the pause between two.
                self._looked_s.update(dict.fromkeys(due, now_s))
                self._watcher.look([kind.value for kind in due])

    def _needed(self) -> set[Kind]:
        """Return the kinds that are looked at only when asked and that a waiting step cannot go on without."""
        view = self._view()
        waiting = view.session.in_state(StepState.READY, StepState.AWAITING_CONFIRMATION)
        names = {name for step in waiting if step in view.plans for name in _open_names(view.plans[step])}
        on_demand = {kind for kind, interval_s in view.intervals_s.items() if interval_s == 0}
        return set(kinds_for(tuple(names)) & on_demand)


def _open_names(plan: StepPlan) -> Iterator[str]:
    """Yield the facts that stand between a step and its run: of guards that do not hold, and of what is not known."""
    for now in plan.guards:
        if not now.holds:
            yield from now.guard.that.names
    for option in plan.options:
        if option.is_open is None and option.option.when:
            yield from option.option.when.names
    if plan.problem:
        for expression in plan.step.environment.values():
            yield from expression.names
        selector = plan.step.on
        for chosen in (selector.one, selector.where) if selector else ():
            yield from chosen.names if chosen else ()
    if plan.step.when:
        yield from plan.step.when.names
