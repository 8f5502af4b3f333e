"""The first frame of a session: it stands before anything is opened, and never hides why nothing is."""

import asyncio
import threading

import pytest

from haops.errors import InputError
from haops.ui.app import HaopsApp
from haops.ui.screens.opening import OpeningScreen
from haops.ui.screens.session import SessionScreen
from tests.ui.conftest import SMALL, rows_of, settings, steady
from tests.ui.scenes import SCENES, FakeLive


class Held:
    """Opens a session when it is told to; or fails."""

    title = "prod.yaml"

    def __init__(self, live: FakeLive, *, error: Exception | None = None, is_drill: bool = False) -> None:
        self.live = live
        self.error = error
        self.is_drill = is_drill
        self.go_on = threading.Event()

    def __call__(self) -> FakeLive:
        """Wait, then open or fail."""
        assert self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        return self.live


@pytest.mark.parametrize("name", ["waiting-change", "drill"])
async def test_the_first_frame_stands_before_the_session_is_open(name: str) -> None:
    """It says what is opened and that nothing was asked; a drill looks like one from the start; then the session."""
    opening = Held(FakeLive(SCENES[name]()), is_drill=name == "drill")
    app = HaopsApp(opening=opening, settings=settings())
    async with app.run_test(size=SMALL) as pilot:
        await steady(pilot)
        assert isinstance(app.screen, OpeningScreen)
        first = "\n".join(rows_of(app))
        assert "prod.yaml" in first
        assert "Nothing has been asked yet" in first
        assert first.startswith("┏") == (name == "drill")
        opening.go_on.set()
        await app.workers.wait_for_complete()
        await steady(pilot)
        assert isinstance(app.screen, SessionScreen)
        assert "label-hosts" in "\n".join(rows_of(app))


@pytest.mark.parametrize("error", [InputError("the inventory has mistakes"), OSError("no such file")])
async def test_a_session_that_cannot_be_opened_ends_the_app_with_why(error: Exception) -> None:
    """Whoever ran the app raises it on the restored terminal; nothing of it is drawn."""
    opening = Held(FakeLive(SCENES["healthy"]()), error=error)
    opening.go_on.set()
    app = HaopsApp(opening=opening, settings=settings())
    async with app.run_test(size=SMALL) as pilot, asyncio.timeout(10):
        while app.failed is None:
            await pilot.pause(0.02)
    assert app.failed is error
    assert app.live is None


@pytest.mark.parametrize("key", ["q", "escape", "ctrl+q", "ctrl+c"])
async def test_leaving_while_it_is_opened_leaves_at_once(key: str) -> None:
    """The screen goes without waiting for a session that may take long, and the operator is who left."""
    opening = Held(FakeLive(SCENES["healthy"]()))
    app = HaopsApp(opening=opening, settings=settings())
    async with app.run_test(size=SMALL) as pilot:
        await steady(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert app.has_left
        assert not app.is_running or app._exit
        opening.go_on.set()
    assert app.failed is None
