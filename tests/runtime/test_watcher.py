"""The looking goes on, whatever one look comes to."""

import pytest
from waiting import until

from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import Kind, Observation
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
