from collections.abc import Callable
from typing import Any

import pytest

from haops.connectors.fake import FakeShell, Fault
from haops.connectors.seam import Order
from haops.core import commands as cmd
from haops.core.session_state import Outcome
from haops.core.states import StepState
from tests.runtime.conftest import World, confirm, wait_state

Launches = Callable[[str], list[Order]]


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Launches:
    """Return a function that tells every order launched on a host so far."""
    launched: list[tuple[str, Order]] = []
    launch = FakeShell.launch

    def noting(shell: FakeShell, order: Order, **listening: Any) -> Any:
        launched.append((shell.host.name, order))
        return launch(shell, order, **listening)

    monkeypatch.setattr(FakeShell, "launch", noting)
    return lambda host: [order for name, order in launched if name == host]


def test_a_host_is_told_which_of_its_attempts_are_recorded(world: World, launches: Launches) -> None:
    """Each launch names the earlier attempts on that host whose results are in the journal, and no other host's."""
    engine = world.begin()
    confirm(engine, "first")
    confirm(engine, "second")
    wait_state(engine, "second", StepState.SUCCEEDED)
    first, second = launches("h1")
    assert first.recorded == ()
    assert second.recorded == (first.attempt_id,)


def test_a_verdict_of_a_person_is_no_recorded_result(world: World, launches: Launches) -> None:
    """What a person says became of an attempt is not its result: the host keeps what it has of it."""
    world.hosts["h1"].faults.append(Fault.VANISHED)
    engine = world.begin()
    confirm(engine, "first")
    view = wait_state(engine, "first", StepState.UNKNOWN)
    unknown = next(one for one in view.session.attempts.values() if one.outcome is Outcome.UNKNOWN)
    assert engine.submit(cmd.Settle(attempt=unknown.id, happened=False, reason="it is not there")) is None
    wait_state(engine, "first", StepState.FAILED)
    assert engine.submit(cmd.Retry(step="first")) is None
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)
    assert len(launches("h1")) == 2
    assert launches("h1")[-1].recorded == ()
