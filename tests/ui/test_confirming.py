from dataclasses import replace

import pytest
from textual.widgets import Input

from haops.core import commands as cmd
from haops.core.commands import Answer
from haops.core.observations import HostState, Kind
from haops.ui.modals.confirm import ConfirmModal
from haops.ui.presenters.plans import no_way_back, way_back
from tests.ui.conftest import SMALL, running, scene
from tests.ui.scenes import (
    LOST_SIGNALS,
    NAMES,
    SCENES,
    FakeLive,
    Story,
    lost_observations,
    picture,
    seen,
    steps,
    view_of,
    waiting,
)


def ahead() -> FakeLive:
    """Return a session whose destructive step has a guard that does not hold and can be overridden."""
    late = HostState(clock_offset_s=4.1, reaches={})
    seen_now = picture(lost_observations(), [seen(Kind.HOST, "cp3", late, age_s=0.5)])
    return FakeLive(view_of(Story().take_up().until("stop-api"), seen_now, signals=LOST_SIGNALS))


async def test_a_read_is_confirmed_by_enter() -> None:
    """Looking costs one key after the question was seen."""
    story = Story().take_up().offer("look")
    async with running(FakeLive(view_of(story, picture(lost_observations())))) as screen:
        await screen.press("enter")
        assert screen.live.commands == []
        await screen.press("enter")
        [command] = screen.live.commands
        assert isinstance(command, cmd.Confirm)
        assert command.answer is Answer.ENTER


@pytest.mark.parametrize("key", ["enter", "space", "o", "n", "escape", "tab", "Y"])
async def test_a_change_is_not_confirmed_by_any_key_but_y(key: str) -> None:
    """Pressing enter never confirms a change by accident, nor does any other key."""
    async with scene("waiting-change") as screen:
        await screen.press("y", key)
        assert screen.live.commands == []


async def test_a_change_is_confirmed_by_y_with_the_digest_that_was_shown() -> None:
    """What was confirmed is what was shown."""
    async with scene("waiting-change") as screen:
        await screen.press("y", "y")
        [command] = screen.live.commands
        assert isinstance(command, cmd.Confirm)
        assert (command.answer, command.step) == (Answer.YES, "label-hosts")
        assert command.plan_digest == screen.live.now.plans["label-hosts"].digest


async def test_enter_on_a_change_says_which_key_would_run_it() -> None:
    """A key that does nothing says why."""
    async with scene("waiting-change") as screen:
        await screen.press("enter", "enter")
        assert "enter does not run a change; y does." in screen.said


async def test_a_key_held_down_confirms_nothing() -> None:
    """A y that comes before the question could be read is not an answer."""
    async with scene("waiting-change", reading_time_s=60.0) as screen:
        await screen.press("y", "y", "y")
        assert screen.live.commands == []
        assert "That key came before this could be read" in screen.said


@pytest.mark.parametrize("typed", ["", "prod", "prod-us", "y", "PROD-EU"])
async def test_a_destructive_step_needs_the_name_of_the_cluster(typed: str) -> None:
    """Nothing but the exact name runs it."""
    async with scene("waiting-destroy") as screen:
        await screen.press("y")
        await screen.write(typed)
        await screen.press("enter")
        assert screen.live.commands == []
        assert "That is not prod-eu." in screen.said


async def test_a_destructive_step_runs_once_the_name_is_typed() -> None:
    """With the name it runs, and the answer says that it was typed."""
    async with scene("waiting-destroy") as screen:
        await screen.press("y")
        await screen.write("prod-eu")
        await screen.press("enter")
        [command] = screen.live.commands
        assert isinstance(command, cmd.Confirm)
        assert command.answer is Answer.TYPED


async def test_the_question_shows_script_environment_targets_guards_and_way_back() -> None:
    """One question at a time, with everything that the answer rests on."""
    async with scene("waiting-destroy", (120, 60)) as screen:
        await screen.press("y")
        for text in (
            "destroy · cp1 cp2 cp3 in parallel",
            'mv -n "$manifest" /etc/kubernetes/haops-parked/',
            "CLUSTER_ID=cab1e5",
            "cp2: HAOPS_HOST=cp2",
            "✔ hosts.clock_spread_s < 1",
            "hosts.clock_spread_s 0.0",
            "Then api.answering == 0",
            "Way back: start-api",
            "If the connection is lost",
        ):
            assert text in screen.said


@pytest.mark.parametrize("text", ["It only adds a file.", "From the first write on, the restored data is the truth."])
def test_why_there_is_no_way_back_reads_right_whatever_the_runbook_says(text: str) -> None:
    """The same words on the question, in the summary and in the plan: a text may say how little is at stake."""
    step = replace(next(step for step in steps() if step.id == "stop-etcd"), irreversible=text)
    assert way_back(step) == no_way_back(step) == f"no step takes it back: {text}"


async def test_a_guard_that_does_not_hold_stops_the_step_and_says_what_to_do() -> None:
    """The name alone is not enough; the refusal names the key that helps."""
    async with running(ahead()) as screen:
        await screen.press("y")
        assert "✖ hosts.clock_spread_s < 1" in screen.said
        assert "certificates and leases depend on time" in screen.said
        await screen.write("prd-eu")
        await screen.press("enter")
        assert screen.live.commands == []
        assert "o override with a reason" in screen.said


async def test_a_guard_is_overridden_with_a_reason() -> None:
    """The reason goes with the confirmation into the journal."""
    async with running(ahead()) as screen:
        await screen.press("y", "o")
        await screen.write("measured by hand")
        await screen.press("enter")
        await screen.write("prod-eu")
        await screen.press("enter")
        [command] = screen.live.commands
        assert isinstance(command, cmd.Confirm)
        assert command.overrides == {"hosts.clock_spread_s < 1": "measured by hand"}


async def test_a_guard_that_cannot_be_overridden_is_not() -> None:
    """Identity of the cluster is never waved through."""
    strange = [
        replace(o, value=replace(o.value, cluster_id="other")) if o.value and o.kind is Kind.ETCD_MEMBER else o
        for o in lost_observations()
    ]
    live = FakeLive(view_of(Story().take_up().until("stop-api"), picture(strange), signals=LOST_SIGNALS))
    async with running(live) as screen:
        await screen.press("y", "o")
        assert "cannot be overridden" in screen.said
        assert isinstance(screen.app.screen, ConfirmModal)


async def test_a_plan_that_changes_meanwhile_takes_the_answer_away() -> None:
    """Nothing runs that was not shown."""
    async with scene("waiting-change") as screen:
        await screen.press("y")
        now = screen.live.now
        other = replace(now.plans["label-hosts"], digest="other")
        screen.live.change(replace(now, plans={"label-hosts": other}))
        await screen.pilot.pause(0.2)
        await screen.press("y")
        assert screen.live.commands == []
        assert "has changed since this was shown" in screen.said


async def test_a_step_that_no_longer_waits_is_not_confirmed() -> None:
    """A question about something that went away says so; the next key leads back and confirms nothing."""
    async with scene("waiting-change") as screen:
        await screen.press("y")
        screen.live.change(SCENES["running"]())
        await screen.pilot.pause(0.2)
        assert "does not wait for you any more" in screen.said
        await screen.press("y")
        assert screen.live.commands == []
        assert not isinstance(screen.app.screen, ConfirmModal)


async def test_guards_are_live_while_the_question_is_open() -> None:
    """A guard that fails meanwhile is seen at once."""
    async with scene("waiting-destroy") as screen:
        await screen.press("y")
        assert "✔ hosts.clock_spread_s < 1" in screen.said
        screen.live.change(ahead().now)
        await screen.pilot.pause(0.2)
        assert "✖ hosts.clock_spread_s < 1" in screen.said


async def test_a_decision_is_taken_with_y_and_only_if_it_is_open() -> None:
    """Closed answers stay visible with why; enter takes none."""
    live = FakeLive(waiting("way"))
    async with running(live, SMALL) as screen:
        await screen.press("enter")
        assert "✖ start-majority" in screen.said
        assert "closed: etcd.members_healthy >= 2 (etcd.members_healthy 0)" in screen.said
        assert "loses: nothing" in screen.said
        await screen.press("enter", "down", "end")
        assert live.commands == []
        await screen.press("y")
        assert live.commands == [cmd.Choose(step="way", value="live-survivor")]


async def test_a_manual_step_needs_what_was_done_and_then_its_answer() -> None:
    """Saying nothing confirms nothing; the statement goes with the confirmation."""
    live = FakeLive(waiting("call-lb-team"))
    async with running(live) as screen:
        await screen.press("y")
        assert "Call the load balancer team" in screen.said
        await screen.press("enter")
        await screen.press("tab")
        await screen.write("y")
        await screen.press("enter")
        assert live.commands == []
        screen.app.screen.query_one("#statement", Input).value = "taken out, they say"
        await screen.press("enter")
        [command] = live.commands
        assert isinstance(command, cmd.Confirm)
        assert command.statement == "taken out, they say"


async def test_esc_is_a_no_from_every_question() -> None:
    """The default answer is no."""
    for name, keys in (("waiting-change", "y"), ("waiting-destroy", "y"), ("unknown", "enter"), ("failed", "enter")):
        async with scene(name) as screen:
            await screen.press(keys, "escape")
            assert screen.live.commands == []
            assert len(screen.app.screen_stack) == 2


async def test_every_target_is_named() -> None:
    """The title of the question names each host."""
    async with scene("waiting-change") as screen:
        await screen.press("y")
        assert all(name in screen.said for name in NAMES)
