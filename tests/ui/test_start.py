from datetime import timedelta

from haops.ui.app import HaopsApp
from haops.ui.presenters.start import start_lines
from haops.ui.sources import ChoiceKind, ClusterRow, DrillRow, Finding, SessionRow, StartChoice, StartRows
from tests.ui.conftest import LARGE, SMALL, rows_of, settings
from tests.ui.scenes import NOW

ROWS = StartRows(
    now=NOW,
    sessions=(
        SessionRow(
            id="s7",
            cluster="prod-eu",
            runbook="etcd-quorum-loss",
            waits_for="restore on cp2 is unknown",
            left_at=NOW - timedelta(minutes=12),
            has_unknown=True,
        ),
        SessionRow(id="s8", cluster="lab", runbook="", waits_for="no runbook yet", is_drill=True),
    ),
    clusters=(
        ClusterRow(
            name="prod-eu",
            inventory="/etc/haops/prod.yaml",
            health="1 of 3 members answers",
            seen_at=NOW - timedelta(hours=2),
        ),
        ClusterRow(name="stage", inventory="stage.yaml"),
    ),
    drills=(
        DrillRow(
            scenario="quorum-loss",
            title="Two of three members lost",
            runbook="etcd-quorum-loss",
            proven_at=NOW - timedelta(days=9),
            best_s=252.0,
        ),
        DrillRow(scenario="partition", title="A host cut off", runbook="network-partition"),
    ),
    findings=(Finding(severity="warning", text="cp3: no SSH key works"),),
)


class Source:
    """Rows as they would be read from disk."""

    def rows(self) -> StartRows:
        """Return them."""
        return ROWS


async def test_unfinished_sessions_come_first_then_clusters_then_drills() -> None:
    """With what they wait for, how they were seen, and how long ago each runbook was proven."""
    app = HaopsApp(start=Source(), settings=settings())
    async with app.run_test(size=LARGE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        said = "\n".join("".join(s.text for s in strip) for strip in app.screen._compositor.render_strips())
    order = [
        "Go on with",
        "restore on cp2 is unknown",
        "left 12 min ago",
        "Clusters",
        "1 of 3 members answers",
        "Drills",
        "proven 9 days ago",
        "never proven",
        "What would hurt tonight",
        "cp3: no SSH key works",
    ]
    places = [said.find(text) for text in order]
    assert -1 not in places
    assert places == sorted(places)


async def test_enter_ends_the_start_screen_with_what_was_chosen() -> None:
    """Whoever ran it goes on."""
    app = HaopsApp(start=Source(), settings=settings())
    async with app.run_test(size=SMALL) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("down", "down", "enter")
        await pilot.pause()
    assert app.return_value == StartChoice(ChoiceKind.CLUSTER, "/etc/haops/prod.yaml")


async def test_help_on_the_start_screen_says_what_holds_there() -> None:
    """Its own keys, what the rows are; nothing about steps, of which there are none."""
    app = HaopsApp(start=Source(), settings=settings())
    async with app.run_test(size=LARGE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.press("question_mark")
        await pilot.pause()
        said = " ".join("\n".join(rows_of(app)).split())
    assert "Where to begin" in said
    assert "go on with what is under the cursor" in said
    assert "leave the chosen step out" not in said
    assert "States of a step" not in said


async def test_quitting_the_start_screen_chooses_nothing() -> None:
    """The answer is nothing."""
    app = HaopsApp(start=Source(), settings=settings())
    async with app.run_test(size=SMALL) as pilot:
        await app.workers.wait_for_complete()
        await pilot.press("q")
        await pilot.pause()
    assert app.return_value is None


def test_an_empty_bastion_says_what_to_do() -> None:
    """Never a dead end."""
    said = "\n".join(line.plain for line in start_lines(StartRows(now=NOW), 100))
    assert "An inventory describes one" in said


def test_before_the_rows_are_read_it_says_what_it_looks_for() -> None:
    """The first frame is true."""
    assert "Looking for sessions" in start_lines(None, 80)[0].plain
