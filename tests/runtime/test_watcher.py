"""The looking goes on, whatever one look comes to."""

import threading

import pytest
from waiting import until

from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import Kind, Observation
from haops.errors import ConnectFailed
from haops.observers.observer import look
from haops.runtime import watcher
from haops.runtime.clock import SystemClock
from tests.runtime.conftest import World


class FirstBroken:
    """An observer with a mistake in it that shows at the first look only: in measuring, or around it."""

    name = Kind.NODE.value
    interval_s = 0.01

    def __init__(self, mistake: str) -> None:
        self._mistake = mistake
        self.looks = 0

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return one group."""
        return (inventory.cluster,)

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Break, then see."""
        del connections, timeout_s, thorough
        self.looks += 1
        if self._mistake == "around measuring":
            self._stumble()
        return (look(Kind.NODE, group, source="test", clock=clock, measure=self._stumble),)

    def _stumble(self) -> float:
        return 1 / (self.looks - 1)


@pytest.mark.parametrize("mistake", ["in measuring", "around measuring"])
def test_a_mistake_in_a_look_is_shown_and_the_next_look_comes(
    world: World, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    """An answer that haops cannot cope with is an error in its pane; it never ends the looking or prints over it."""
    observer = FirstBroken(mistake)
    monkeypatch.setattr(watcher, "new_observers", lambda: {observer.name: observer})
    errors: list[str] = []

    def changed() -> None:
        sight = watching.picture.get(Kind.NODE, "fake")
        assert sight is not None
        errors.append(sight.newest.error)

    watching = watcher.Watcher(world.connections(), SystemClock(), changed)
    watching.start()
    until(lambda: len(errors) > 2)
    watching.stop()
    assert "haops itself failed: ZeroDivisionError" in errors[0]
    assert not errors[-1]


class TwoMembers:
    """An observer of two members that is asked once a minute; `held` keeps the answer about the first back."""

    name = Kind.ETCD_MEMBER.value
    interval_s = 60.0

    def __init__(self) -> None:
        self.are_up = True
        self.held = threading.Event()
        self.looks = {"m1": 0, "m2": 0}

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return the members."""
        del inventory
        return tuple(self.looks)

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Tell whether the member is up."""
        del connections, timeout_s, thorough
        self.looks[group] += 1
        if group == "m1" and self.looks["m1"] > 1:
            assert self.held.wait(10)
        return (look(Kind.ETCD_MEMBER, group, source="test", clock=clock, measure=self._answer),)

    def _answer(self) -> str:
        if not self.are_up:
            raise ConnectFailed("refused", where="test")
        return "up"


def test_when_one_member_falls_silent_the_others_are_asked_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost quorum is known as soon as the first member is missed, not when the last one's turn comes."""
    members = TwoMembers()
    monkeypatch.setattr(watcher, "new_observers", lambda: {members.name: members})
    watching = watcher.Watcher(world.connections(), SystemClock(), lambda: None)
    watching.start()
    try:
        until(lambda: len(watching.picture.sights) == len(members.looks))
        watching.look_again()
        until(lambda: members.looks == {"m1": 2, "m2": 2})
        until(lambda: all(sight.newest.ok for _, sight in watching.picture.of(Kind.ETCD_MEMBER)))
        members.are_up = False
        members.held.set()
        until(lambda: not any(sight.newest.ok for _, sight in watching.picture.of(Kind.ETCD_MEMBER)))
    finally:
        watching.stop()


class LateClock(SystemClock):
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        """Return the time that was set."""
        return self.now_s


class Slow:
    """An observer whose every look takes longer than its interval, as an API server's without etcd does."""

    name = Kind.API_ENDPOINT.value
    interval_s = 60.0

    def __init__(self, clock: LateClock) -> None:
        self.looks = 0
        self._clock = clock

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return one group."""
        return (inventory.cluster,)

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Take long."""
        del connections, group, timeout_s, clock, thorough
        self._clock.now_s += 70.0
        self.looks += 1
        return ()


def test_a_look_that_outlasts_its_turn_is_followed_by_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is seen would be older than twice its interval, and its pane stale, while all goes well."""
    clock = LateClock()
    slow = Slow(clock)
    monkeypatch.setattr(watcher, "new_observers", lambda: {slow.name: slow})
    watching = watcher.Watcher(world.connections(), clock, lambda: None)
    watching.start()
    try:
        until(lambda: slow.looks > 3)
    finally:
        watching.stop()
