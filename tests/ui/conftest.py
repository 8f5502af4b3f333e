"""A screen that is the same on every machine: no colours from the environment, no own settings, fixed size."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from haops.ui.app import HaopsApp
from haops.ui.settings import UiSettings
from haops.ui.widgets.lines import Lines
from tests.ui.scenes import SCENES, FakeLive

SMALL = (80, 24)
LARGE = (120, 40)
_REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unset what would change colours or sizes, and keep the user's own themes away."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "TEXTUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")


def settings(**fields: Any) -> UiSettings:
    """Return settings in which a key may answer at once."""
    return UiSettings(**{"theme_directory": _REPOSITORY / "themes", "reading_time_s": 0.0, **fields})


def rows_of(app: HaopsApp) -> list[str]:
    """Return what is on the screen, row by row."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]


async def steady(pilot: Pilot[Any]) -> None:
    """Wait until nothing changes on the screen any more."""
    before: list[str] = []
    for _ in range(30):
        await pilot.pause()
        now = rows_of(pilot.app)
        if now == before:
            return
        before = now
    raise AssertionError("the screen does not come to rest")


class Screen:
    """A running app with what a test needs: its pilot, its session, what is on it."""

    def __init__(self, app: HaopsApp, live: FakeLive, pilot: Pilot[Any]) -> None:
        self.app = app
        self.live = live
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys one after the other and let what they cause happen."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def write(self, text: str) -> None:
        """Type a text."""
        await self.press(*(key if key != " " else "space" for key in text))

    async def settle(self) -> None:
        """Wait until commands were handed over and what is drawn stays as it is."""
        await self.app.workers.wait_for_complete()
        await steady(self.pilot)

    @property
    def rows(self) -> list[str]:
        """What is on the screen, row by row."""
        return rows_of(self.app)

    @property
    def text(self) -> str:
        """What is on the screen, as one text."""
        return "\n".join(self.rows)

    @property
    def said(self) -> str:
        """What the topmost screen says, shown or scrolled away, as running text."""
        lines = [line.plain for widget in self.app.screen.query(Lines) for line in widget.lines]
        return re.sub(r"\s+", " ", " ".join(lines))


@asynccontextmanager
async def running(live: FakeLive, size: tuple[int, int] = LARGE, **fields: Any) -> AsyncIterator[Screen]:
    """Run the app on a session."""
    app = HaopsApp(live, settings=settings(**fields))
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = Screen(app, live, pilot)
        await screen.settle()
        yield screen


@asynccontextmanager
async def scene(name: str, size: tuple[int, int] = LARGE, output: bytes = b"", **fields: Any) -> AsyncIterator[Screen]:
    """Run the app on one of the scenes."""
    async with running(FakeLive(SCENES[name](), output), size, **fields) as screen:
        yield screen
