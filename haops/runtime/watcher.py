"""Looking at a cluster: one thread for each thing that is asked, so that a frozen one never delays another.

Owns the picture and the threads. Must never judge what is seen. Nobody waits for a poller: `look` asks afresh with a
deadline of its own.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.observations import Kind, Observation, Picture
from haops.observers import Observer, new_observers
from haops.observers.observer import own_mistake

# A healthy member or API server answers in milliseconds: who takes longer is shown as silent.
LOOK_TIMEOUT_S = 2.0
# A thorough look may ask more than once, each time within its timeout.
LOOK_DEADLINE_S = 6.0
# What is looked at only when it is needed may read a whole data directory.
SLOW_LOOK_TIMEOUT_S = 20.0
SLOW_LOOK_DEADLINE_S = 30.0
# What answers, answers within this; what does not keeps nothing else back for longer.
_FIRST_ANSWER_S = 0.25
# So that what flickers is not asked without a pause.
_SOONEST_S = 0.1
# Each of them mostly waits for the network.
_LOOKERS = 32


class Watcher:
    """The eyes of a session. `changed` is called from any thread after the picture has changed."""

    def __init__(self, connections: Connections, clock: Clock, changed: Callable[[], None]) -> None:
        self._connections = connections
        self._clock = clock
        self._changed = changed
        self._observers: Mapping[str, Observer] = new_observers()
        self._lock = threading.Lock()
        self._picture = Picture()
        self._stopping = threading.Event()
        self._wake: Mapping[str, dict[str, threading.Event]] = {name: {} for name in self._observers}
        self._answered = {name: threading.Event() for name in self._observers}
        self._lookers = ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look")
        self._pollers: list[threading.Thread] = []

    @property
    def picture(self) -> Picture:
        """The newest picture. Immutable."""
        return self._picture

    @property
    def intervals_s(self) -> dict[Kind, float]:
        """How often each kind is looked at by itself."""
        return {Kind(name): observer.interval_s for name, observer in self._observers.items()}

    def start(self) -> None:
        """Begin to look at everything that is looked at by itself, at one kind of thing after the other.

        Each kind loads libraries of its own; all at once would keep back the first answer until all are loaded.
        """
        for name, observer in self._observers.items():
            groups = observer.groups(self._connections.inventory) if observer.interval_s > 0 else ()
            for place, group in enumerate(groups):
                self._begin(name, group, place / len(groups))
            if groups:
                self._answered[name].wait(_FIRST_ANSWER_S)

    def _begin(self, name: str, group: str, turn: float) -> None:
        """Begin to poll one group; `turn` is where in the observer's interval its turn comes, from 0 to 1."""
        self._wake[name][group] = threading.Event()
        thread = threading.Thread(target=self._poll, args=(name, group, turn), name=f"{name} {group}", daemon=True)
        self._pollers.append(thread)
        thread.start()

    def look(self, names: Iterable[str]) -> Picture:
        """Look afresh and thoroughly with these observers; return the picture after all answered or gave up."""
        wanted = [self._observers[name] for name in dict.fromkeys(names) if name in self._observers]
        slow = any(observer.interval_s == 0 for observer in wanted)
        asked = self._ask(wanted)
        wait(asked, timeout=SLOW_LOOK_DEADLINE_S if slow else LOOK_DEADLINE_S)
        return self._picture

    def _ask(self, observers: Iterable[Observer]) -> list[Future[None]]:
        """Begin to look with each observer at each of its groups."""
        inventory = self._connections.inventory
        with contextlib.suppress(RuntimeError):  # the pool is shut down: the session ends
            return [
                self._lookers.submit(self._observe, observer, group, thorough=True)
                for observer in observers
                for group in observer.groups(inventory)
            ]
        return []

    def look_again(self) -> None:
        """Have every poller look now instead of when its interval is over."""
        for name in self._wake:
            self._rouse(name)

    def _rouse(self, name: str) -> None:
        """Have every group of an observer looked at now."""
        for event in tuple(self._wake[name].values()):
            event.set()

    def stop(self) -> None:
        """End all threads; those that wait for an answer end at its deadline."""
        self._stopping.set()
        self.look_again()
        # A look at a silent host may take its whole deadline: leaving does not wait for it.
        self._lookers.shutdown(wait=False, cancel_futures=True)

    def _poll(self, name: str, group: str, turn: float) -> None:
        """Look at one group again and again until the session ends."""
        observer, wake = self._observers[name], self._wake[name][group]
        while not self._stopping.is_set():
            # Before the look: a wish that comes while it is under way is not lost.
            wake.clear()
            due_s = self._due_s(turn, observer.interval_s)
            self._observe(observer, group)
            self._stopping.wait(_SOONEST_S)
            # A look that outlasts its turn is followed by the next at once: its pane would be stale half of the time.
            wake.wait(max(due_s - self._clock.monotonic(), 0.0))

    def _due_s(self, turn: float, interval_s: float) -> float:
        """Return when the next turn comes. Turns are spread evenly: of two that fall silent one is soon missed."""
        now_s = self._clock.monotonic()
        return now_s + (turn * interval_s - now_s) % interval_s

    def _observe(self, observer: Observer, group: str, *, thorough: bool = False) -> None:
        """Look at one group once and put what was seen into the picture."""
        timeout_s = SLOW_LOOK_TIMEOUT_S if observer.interval_s == 0 else LOOK_TIMEOUT_S
        try:
            seen = observer.observe(self._connections, group, timeout_s=timeout_s, clock=self._clock, thorough=thorough)
        except Exception as error:  # noqa: BLE001 - a dead poller would leave what was true long ago on the screen
            seen = (self._broken(observer.name, group, error),)
        if not self._stopping.is_set():
            self._take(seen)
        self._answered[observer.name].set()

    def _broken(self, name: str, group: str, error: Exception) -> Observation:
        """Return the observation that an observer itself is broken."""
        return Observation(
            kind=Kind(name),
            subject=group,
            observed_at=self._clock.now(),
            monotonic_s=self._clock.monotonic(),
            source=f"{name} {group}",
            error=own_mistake(error),
        )

    def _take(self, seen: tuple[Observation, ...]) -> None:
        """Put observations into the picture and tell.

        What falls silent, or answers again, is seldom alone: the others of its kind are asked at once. So a lost quorum
        is known as soon as the first member is missed.
        """
        with self._lock:
            before, self._picture = self._picture, self._picture.with_observations(seen)
        for kind in {each.kind for each in seen if _has_turned(before, each)}:
            self._rouse(kind.value)
        # Outside the lock: who is told writes to the journal, and no other look waits for its disk.
        self._changed()


def _has_turned(before: Picture, seen: Observation) -> bool:
    """Whether something answered before and does not now, or the other way round."""
    sight = before.sights.get((seen.kind, seen.subject))
    return sight is not None and sight.newest.ok != seen.ok
