from pathlib import Path

import pytest
from textual.pilot import Pilot

from haops.ui.app import HaopsApp
from tests.ui.conftest import LARGE, settings, steady
from tests.ui.scenes import SCENES, FakeLive

PICTURES = {"healthy": (), "waiting-destroy": ("y",), "unknown": ("enter",), "drill": ()}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", list(PICTURES))
def test_colours_are_as_agreed(name: str, theme: str, snap_compare: object) -> None:
    """What the text grids cannot show: the colour of each state, in a dark and a light theme."""
    app = HaopsApp(FakeLive(SCENES[name]()), settings=settings(theme=theme))

    async def press(pilot: Pilot[None]) -> None:
        await steady(pilot)
        await pilot.press(*PICTURES[name])
        await steady(pilot)

    assert callable(snap_compare)
    assert snap_compare(app, terminal_size=LARGE, run_before=press)


def test_pictures_are_few() -> None:
    """They are large and change with the toolkit; text grids say the rest."""
    pictures = list((Path(__file__).parent / "__snapshots__" / "test_pictures").glob("*"))
    assert len(pictures) <= 2 * len(PICTURES)
