import pytest
from syrupy.assertion import SnapshotAssertion

from tests.ui.conftest import LARGE, SMALL, scene
from tests.ui.scenes import SCENES

OUTPUT = b"hash 5f3c0e11, revision 1 284 331, 9 412 keys, 31 MB\n"
QUESTIONS = {
    "confirm-read": ("running", ()),
    "confirm-change": ("waiting-change", ("y",)),
    "confirm-destroy": ("waiting-destroy", ("enter",)),
    "confirm-in-drill": ("drill", ("y",)),
    "unknown-question": ("unknown", ("enter",)),
    "decide": ("unknown", ("enter", "d")),
    "failed-question": ("failed", ("enter",)),
    "triage": ("quorum-lost", ("t",)),
    "leave": ("unknown", ("q",)),
    "full-detail": ("waiting-destroy", ("down", "enter")),
    "etcd-pane": ("quorum-lost", ("2",)),
    "nodes-pane": ("quorum-lost", ("5",)),
}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", list(SCENES))
async def test_every_scene_looks_as_agreed(name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    """What a person sees in each state is written down row by row, at both sizes."""
    async with scene(name, size, OUTPUT) as screen:
        assert screen.text == snapshot


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", list(QUESTIONS))
async def test_every_question_looks_as_agreed(name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    """So is what a person sees when something is asked."""
    scene_name, keys = QUESTIONS[name]
    async with scene(scene_name, size, OUTPUT) as screen:
        await screen.press(*keys)
        assert screen.text == snapshot


@pytest.mark.parametrize("name", ["healthy", "waiting-destroy", "unknown", "drill", "nothing-seen"])
async def test_no_row_is_wider_than_the_terminal_while_it_is_resized(name: str) -> None:
    """The layout follows the terminal live, and nothing runs over the edge at any size."""
    async with scene(name, LARGE, OUTPUT) as screen:
        for size in [(80, 24), (200, 60), (60, 18), (40, 10), (20, 6), (120, 40)]:
            await screen.pilot.resize_terminal(*size)
            await screen.settle()
            assert len(screen.rows) == size[1]
            assert max(len(row) for row in screen.rows) <= size[0]
