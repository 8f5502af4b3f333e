"""The drill's own operator says exactly what stopped it."""

from haops.core.session_state import Outcome
from haops.runtime import library, sessions
from haops.runtime.auto import AutoOperator
from haops.runtime.clock import SystemClock
from tests.runtime.conftest import World


def test_it_says_how_often_a_step_failed(world: World) -> None:
    """The number in the reason is the number of rounds on record."""
    world.exit_status = 3
    runbook = library.load_runbook(str(world.runbook_file))
    connections = world.connections()
    world.engine = sessions.begin(connections.inventory, mode="drill", connections=connections)
    world.engine.start()
    assert world.engine.choose_runbook(runbook, {}) is None
    stopped_by = AutoOperator(world.engine).run(within_s=30, clock=SystemClock())
    attempts = world.engine.view().session.attempts.values()
    failed = sum(attempt.target == "h1" and attempt.outcome is Outcome.FAILED for attempt in attempts)
    assert stopped_by.startswith(f"first failed {failed} times: ")
