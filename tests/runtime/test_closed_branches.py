"""What a decision closes is skipped at once, and comes back when the decision is taken again."""

from haops.core import commands as cmd
from haops.core.states import StepState
from tests.runtime.conftest import World, wait_for, wait_state

RUNBOOK = """\
apiVersion: haops/v1
kind: Runbook
name: two-ways
title: Two ways
summary: One is closed by the other.
steps:
  - id: way
    title: Which way
    choose: [{value: left, title: Left, loses: nothing}, {value: right, title: Right, loses: nothing}]
  - {id: slow, title: Slow, needs: [way], manual: Take your time.}
  - {id: left-end, title: Left, needs: [slow], when: way == "left", manual: Left.}
  - {id: right-end, title: Right, needs: [slow], when: way == "right", manual: Right.}
  - {id: both-ends, title: Both, needs: [left-end, right-end], manual: Both.}
"""


def test_a_closed_branch_is_skipped_before_its_turn_comes(world: World) -> None:
    """Nothing waits for a step that can never run; what needs nothing else is not held up by it."""
    world.runbook_file.write_text(RUNBOOK)
    engine = world.begin()
    wait_state(engine, "way", StepState.AWAITING_CONFIRMATION)
    assert engine.submit(cmd.Choose(step="way", value="left", answer=cmd.Answer.YES)) is None
    view = wait_state(engine, "right-end", StepState.SKIPPED)
    assert view.session.steps["slow"].state is StepState.AWAITING_CONFIRMATION
    assert view.session.steps["left-end"].state is StepState.PENDING
    assert "way left" in view.session.steps["right-end"].reason


def test_a_decision_taken_again_opens_what_it_had_closed(world: World) -> None:
    """While the decision is open nothing is skipped by the old answer; the new one closes the other branch."""
    world.runbook_file.write_text(RUNBOOK)
    engine = world.begin()
    wait_state(engine, "way", StepState.AWAITING_CONFIRMATION)
    engine.submit(cmd.Choose(step="way", value="left", answer=cmd.Answer.YES))
    wait_state(engine, "right-end", StepState.SKIPPED)
    assert engine.submit(cmd.Retry(step="way", reason="the other way after all")) is None
    view = wait_state(engine, "way", StepState.AWAITING_CONFIRMATION)
    assert view.session.steps["right-end"].state is StepState.PENDING
    engine.submit(cmd.Choose(step="way", value="right", answer=cmd.Answer.YES))
    wait_for(engine, lambda now: now.session.steps["left-end"].state is StepState.SKIPPED)
    assert engine.view().session.steps["right-end"].state is StepState.PENDING


CLASH = """\
apiVersion: haops/v1
kind: Runbook
name: clash
title: Clash
summary: Compares words with numbers wherever a condition may stand.
steps:
  - id: way
    title: Which way
    choose:
      - {value: left, title: Left, loses: nothing}
      - {value: right, title: Right, loses: nothing, when: hosts.expected > 'x'}
  - {id: after, title: After, needs: [way], when: way > 3, manual: After.}
  - {id: end, title: End, needs: [way], manual: The end.}
"""


def test_a_condition_that_compares_words_with_numbers_stops_only_its_own_step(world: World) -> None:
    """The step waits and can be skipped with a reason, the answer is not open; the session goes on."""
    world.runbook_file.write_text(CLASH)
    engine = world.begin()
    view = wait_state(engine, "way", StepState.AWAITING_CONFIRMATION)
    assert [option.is_open for option in view.plans["way"].options] == [True, None]
    assert engine.submit(cmd.Choose(step="way", value="left", answer=cmd.Answer.YES)) is None
    view = wait_state(engine, "end", StepState.AWAITING_CONFIRMATION)
    assert view.session.steps["after"].state is StepState.READY
    assert engine.submit(cmd.Skip(step="after", reason="the condition is wrong")) is None
    wait_state(engine, "after", StepState.SKIPPED)
