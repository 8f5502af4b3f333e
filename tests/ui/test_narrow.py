"""What fits into a narrow terminal and a tired eye: ages, durations, columns and rows in few cells."""

from dataclasses import replace

import pytest

from haops.core.quorum import in_words
from haops.core.states import StepState
from haops.ui.panes import all_panes
from haops.ui.presenters import numbers
from haops.ui.presenters.lines import Span, crop, line
from haops.ui.presenters.start import start_lines
from haops.ui.presenters.steps import duration
from haops.ui.presenters.tables import Column, Row, Table, table_lines
from haops.ui.presenters.triage import triage_lines, triage_title
from haops.ui.sources import StartRows
from tests.ui.conftest import running
from tests.ui.scenes import NOW, FakeLive, drill, failed, quorum_lost, waiting
from tests.ui.test_start import ROWS


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (99, "99 s ago"),
        (100, "1 m ago"),
        (719, "11 m ago"),
        (7200, "2 h ago"),
        (172_800, "2 d ago"),
        (9e6, "104 d ago"),
    ],
)
def test_an_age_in_a_column_has_one_unit(seconds: float, words: str) -> None:
    """It must not be cut where it stands alone for how old a silent member's values are."""
    assert numbers.short_age(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(14, "14 s"), (1333, "22 min"), (7500, "2 h"), (90_000, "1 day")])
def test_how_long_ago_is_said_roughly(seconds: float, words: str) -> None:
    """Nobody needs the seconds of an hour."""
    assert numbers.rough_span(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.04, "<0.1 s"), (0.1, "0.1 s"), (0.96, "1.0 s")])
def test_what_took_less_than_a_second_did_not_take_none(seconds: float, words: str) -> None:
    """`0 s` would say that nothing was done."""
    assert numbers.span_of(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(59.9, "59 s"), (427, "7m 07s"), (3599, "59m 59s"), (7500, "2h 05m")])
def test_a_long_step_is_timed_in_few_cells(seconds: float, words: str) -> None:
    """The seconds that go on counting must not be cut."""
    assert numbers.tight_span(seconds) == words


def test_a_step_of_less_than_a_second_shows_its_tenths() -> None:
    """As its attempts do."""
    view = failed()
    run = view.session.steps["label-hosts"]
    begun = replace(run, started_at="2026-03-14T03:21:00.100000Z", ended_at="2026-03-14T03:21:00.500000Z")
    assert duration(view, begun) == "0.4 s"


def test_a_step_that_waits_again_shows_what_it_risks() -> None:
    """How long it took the last time says nothing about what is asked now."""
    view = failed()
    again = replace(view.session.steps["label-hosts"], state=StepState.AWAITING_CONFIRMATION)
    assert duration(view, again) == ""


def test_spaces_that_are_cut_leave_no_mark() -> None:
    """A mark where nothing is hidden sends a person looking for it."""
    assert crop(line("ssh   ●", Span("      ")), 9).plain == "ssh   ●"


def test_a_column_takes_what_it_wants_where_there_is_room() -> None:
    """The rest goes to the one that grows."""
    columns = (Column(title="step", width=4, wants=8), Column(title="standing", width=8, grows=True))
    table = Table(columns, (Row("a", (Span("survivor"), Span("ready"))),))
    assert table_lines(table, 13)[1].plain == "sur… ready   "
    assert table_lines(table, 24)[1].plain == "survivor ready          "


def test_the_start_screen_is_whole_in_80_columns() -> None:
    """What a session waits for and when it was left can be read; so can what to do without a cluster."""
    said = [piece.plain for piece in start_lines(ROWS, 76)]
    assert any("restore on cp2 is unknown  left 12 min ago" in row for row in said)
    alone = " ".join(piece.plain.strip() for piece in start_lines(StartRows(now=NOW), 76))
    assert "`haops session -c FILE`" in alone


def test_runbooks_that_are_still_being_read_are_not_none() -> None:
    """Triage in the first moments must not say that there is no runbook."""
    early = replace(quorum_lost(), fits=(), has_read_runbooks=False)
    assert triage_lines(early, 80)[0].plain == "The runbooks are being read; what fits will stand here."
    assert triage_title(early).plain == "triage  reading the runbooks"
    assert "There is no runbook" in triage_lines(replace(early, has_read_runbooks=True), 80)[0].plain


def test_triage_counts_in_good_english() -> None:
    """One fits, two fit."""
    view = waiting("stop-api")
    assert triage_title(view).plain == "triage  1 runbook of 2 fits"
    fitting = view.fits[0]
    assert triage_title(replace(view, fits=(fitting, fitting))).plain == "triage  2 runbooks of 2 fit"


def test_a_signal_and_what_still_works_are_two_clauses() -> None:
    """Run together they would be read as one."""
    pane = next(pane for pane in all_panes() if pane.name == "signals")
    says = [row.cells[-1].text for row in pane.table(quorum_lost()).rows]
    assert says[:2] == [
        "1 of 3 members answers, 2 needed; Running pods keep running; nothing can change",
        "API fails on 3 of 3",
    ]


@pytest.mark.parametrize(
    ("healthy", "words"), [(2, "2 of 3 voters up: no more may fail"), (3, "3 of 3 voters up: 1 more may fail")]
)
def test_the_quorum_in_words_fits_the_title_of_its_pane(healthy: int, words: str) -> None:
    """With an age of two digits before it, in 120 columns."""
    assert in_words(3, healthy) == words
    assert len(f"2 etcd stale 59 s {words}") <= 56


async def test_three_hosts_with_names_of_five_letters_fit_beside_everything_else() -> None:
    """In a drill too, whose frame takes two columns; a name that is cut may be any of them."""
    view = drill()
    names = ("etcd1", "etcd2", "etcd3")
    hosts = tuple(replace(host, name=name) for host, name in zip(view.inventory.hosts, names, strict=True))
    async with running(FakeLive(replace(view, inventory=replace(view.inventory, hosts=hosts)))) as screen:
        assert "etcd1 etcd2 etcd3" in screen.text
        assert "etcd failed" in screen.text
