"""What a person in a hurry, a narrow terminal and a busy bastion do to the screen."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rich.console import RenderableType
from textual.screen import Screen
from textual.widgets import Input

from haops.ui.app import HaopsApp
from haops.ui.modals import confirm
from haops.ui.modals.confirm import ConfirmModal
from haops.ui.presenters.header import elapsed
from haops.ui.screens.session import SessionScreen
from tests.ui.conftest import running, scene
from tests.ui.scenes import SCENES, FakeLive


async def test_the_time_to_read_a_question_counts_from_when_it_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy bastion the question is drawn long after its key; a second `y` in that time confirms nothing."""
    compose, now_s = ConfirmModal.compose, [0.0]

    def slowly(modal: ConfirmModal) -> object:
        now_s[0] += 120.0
        return compose(modal)

    monkeypatch.setattr(confirm, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(ConfirmModal, "compose", slowly)
    async with scene("waiting-change", reading_time_s=60.0) as screen:
        await screen.pilot.press("y", "y")
        await screen.settle()
        assert screen.live.commands == []
        assert "Once more" in screen.said


async def test_the_time_to_read_a_question_begins_anew_after_its_help() -> None:
    """A `y` typed while the help was being left says nothing about the question below it."""
    async with scene("waiting-change", reading_time_s=60.0) as screen:
        await screen.press("y")
        modal = screen.app.screen
        assert isinstance(modal, ConfirmModal)
        modal._shown_s -= 120.0
        await screen.press("question_mark", "escape", "y")
        assert screen.live.commands == []
        assert "Once more" in screen.said


async def test_a_second_enter_in_the_same_breath_does_not_ask_again() -> None:
    """The step was confirmed a moment ago; until the session has taken it, its question does not come back."""
    async with scene("waiting-change") as screen:
        await screen.press("y")
        held = asyncio.Event()
        screen.app._in_thread = lambda *_work: held.set()  # type: ignore[method-assign] - the disk takes its time
        await screen.pilot.press("y", "y")
        await screen.settle()
        assert held.is_set()
        assert not isinstance(screen.app.screen, ConfirmModal)


async def test_once_the_session_has_answered_a_step_can_be_asked_about_again() -> None:
    """What was refused, or waits again, is not under way."""
    async with scene("waiting-change") as screen:
        await screen.press("y", "y")
        assert screen.live.commands
        await screen.press("y")
        assert isinstance(screen.app.screen, ConfirmModal)


@pytest.mark.parametrize("name", ["waiting-change", "drill"])
async def test_what_lies_below_a_question_goes_on(name: str) -> None:
    """The clock, the sentence and the ages that can still be seen are drawn as they change, in a drill's frame too."""
    async with scene(name) as screen:
        await screen.press("q")
        drawn: list[str] = []
        app = screen.app
        app._display = lambda _screen, update: drawn.append(update.render_segments(app.console) if update else "")  # type: ignore[method-assign] - what the terminal would get
        for _ in range(3):
            screen.live.change(replace(screen.live.now, now=screen.live.now.now + timedelta(seconds=20)))
            async with asyncio.timeout(5):
                while elapsed(screen.live.now) not in "".join(drawn):
                    await screen.pilot.pause(0.02)


async def test_the_cursor_stays_in_sight_from_the_first_frame_on() -> None:
    """A session that is resumed in its middle shows the step that waits, not the beginning of the runbook."""
    view = SCENES["waiting-destroy"]()
    async with running(FakeLive(view), (80, 12)) as screen:
        assert "stop-api" in "\n".join(row for row in screen.rows if "▶" in row)


async def test_nothing_on_the_screen_blinks() -> None:
    """What blinks is sent again and again over a slow line, and makes two pictures of one screen differ."""
    async with scene("waiting-destroy") as screen:
        await screen.press("y")
        assert not any(place.cursor_blink for place in screen.app.screen.query(Input))


async def test_the_first_frame_of_a_session_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing flashes by half drawn: header, sentence and steps stand there at once."""
    frames: list[str] = []

    def keep(app: HaopsApp, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(screen, SessionScreen) and renderable:
            frames.append("".join(piece.text for piece in app.console.render(renderable)))

    monkeypatch.setattr(HaopsApp, "_display", keep)
    async with scene("waiting-change"):
        assert "prod-eu" in frames[0]
        assert "ETCD QUORUM LOST" in frames[0]
        assert "label-hosts" in frames[0]


async def test_a_step_without_a_way_back_offers_none() -> None:
    """Neither in the key line nor in words, and its key says so before it asks for a reason."""
    view = SCENES["failed"]()
    runbook = view.session.runbook
    assert runbook is not None
    steps = tuple(replace(step, rollback=None) if step.id == "label-hosts" else step for step in runbook.steps)
    without = replace(view, session=replace(view.session, runbook=replace(runbook, steps=steps)))
    async with scene("failed") as screen:
        assert "r retry · b roll back · s skip" in screen.text
        assert "b roll back" in screen.rows[-1]
    async with running(FakeLive(without)) as screen:
        assert "roll back" not in screen.text
        await screen.press("b")
        assert "label-hosts names no way back" in screen.text
