"""Values as lines, without any screen."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haops.core.observations import Kind
from haops.core.risk import Risk
from haops.core.runbook import Effect
from haops.core.states import StepState
from haops.core.text import cells
from haops.core.view import Output
from haops.errors import SettingsError
from haops.ui.panes import all_panes
from haops.ui.presenters import numbers
from haops.ui.presenters.confirmation import confirmation
from haops.ui.presenters.detail import detail, short_detail
from haops.ui.presenters.freshness import freshness
from haops.ui.presenters.header import header
from haops.ui.presenters.help import help_lines, session_keys
from haops.ui.presenters.keys import key_line
from haops.ui.presenters.lines import Line, Role, Span, chop, crop, fit, line, shifted, spread, wrap
from haops.ui.presenters.marks import SEVERITY_MARKS, STEP_MARKS
from haops.ui.presenters.notices import error_text, notice_lines
from haops.ui.presenters.output_lines import OutputLines, WholeOutput, output_tail
from haops.ui.presenters.plans import AFTER_A_LOST_CONNECTION
from haops.ui.presenters.questions import leave_lines
from haops.ui.presenters.sentence import now_lines, sentence
from haops.ui.presenters.steps import current_step, standing, steps_table
from haops.ui.presenters.tables import table_lines
from haops.ui.presenters.timeline import Story, timeline_lines
from tests.ui.scenes import (
    HEALTHY,
    NAMES,
    NOW,
    RUNBOOK,
    SCENES,
    failed,
    healthy,
    healthy_observations,
    member,
    nothing_seen,
    over,
    picture,
    quorum_lost,
    running,
    seen,
    stale,
    that,
    unknown,
    view_of,
    waiting,
)
from tests.ui.scenes import Story as Told

TEXTS = st.text(st.sampled_from("ab 東é\t[]\x1b\n…"), max_size=60)
LINES = st.lists(st.builds(Span, TEXTS, st.sampled_from(list(Role))), max_size=5).map(lambda spans: Line(tuple(spans)))


@given(LINES, st.integers(2, 40))
@settings(deadline=None)
def test_nothing_is_wider_than_it_may_be(given_line: Line, width: int) -> None:
    """Cropped, wrapped and fitted text keeps to its width, whatever characters it is made of."""
    assert crop(given_line, width).width <= width
    assert all(piece.width <= max(width, 2) for piece in wrap(given_line, width))
    assert all(fit(span, width).width == width for span in given_line.spans)


@given(LINES, st.integers(1, 40))
@settings(deadline=None)
def test_what_is_cut_is_marked(given_line: Line, width: int) -> None:
    """Nothing is cut without a mark; spaces at the end are nothing."""
    cropped = crop(given_line, width)
    assert (
        cropped.plain in (given_line.plain, given_line.plain.rstrip())
        or cropped.plain.endswith("…")
        or cropped.width < width
    )


@given(LINES, st.integers(4, 40))
@settings(deadline=None)
def test_wrapping_loses_no_word(given_line: Line, width: int) -> None:
    """The words are all there, in their order."""
    wrapped = "".join(piece.plain for piece in wrap(given_line, width))
    assert wrapped.replace(" ", "") == given_line.plain.replace(" ", "")


@given(TEXTS, st.integers(2, 40))
@settings(deadline=None)
def test_what_has_to_be_read_exactly_is_chopped_without_loss(text: str, width: int) -> None:
    """A long line of a script goes on in the next row, every character of it."""
    pieces = chop(Span(text), width)
    assert "".join(piece.text for piece in pieces) == Span(text).text
    assert all(piece.width <= width for piece in pieces)


def test_a_line_is_seen_sideways_with_a_mark() -> None:
    """What was scrolled away to the left is marked."""
    assert shifted(line("0123456789"), 4).plain == "…56789"
    assert shifted(line("01", "23", "45"), 2).plain == "…345"
    assert shifted(line("abc"), 0).plain == "abc"


def test_left_gives_way_to_right() -> None:
    """The right end of a line stays at the edge."""
    assert spread(line("left and more"), line("right"), 12).plain == "left … right"
    assert spread(line("l"), line("r"), 10).plain == "l" + " " * 8 + "r"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (14.9, "14 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (800_000, "9 days"),
    ],
)
def test_lengths_of_time_are_short_words(seconds: float, words: str) -> None:
    """Two units at most."""
    assert numbers.span_of(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(812, "812 B"), (31_000_000, "31 MB"), (1_400_000_000, "1.4 GB"), (5 * 10**12, "5.0 TB")]
)
def test_sizes_have_their_unit(size: int, words: str) -> None:
    """Powers of ten, as etcd and disks count."""
    assert numbers.size(size) == words


def test_numbers_are_grouped_and_counted() -> None:
    """A revision can be read aloud."""
    assert numbers.count(1_284_331) == "1 284 331"
    assert (numbers.plural(1, "change"), numbers.plural(2, "change")) == ("1 change", "2 changes")
    assert numbers.milliseconds(0.44) == "0.4 ms"
    assert numbers.since("nonsense", NOW) is None


@pytest.mark.parametrize("kinds", [(Kind.ETCD_MEMBER,), (Kind.HOST,), (Kind.ETCD_MEMBER, Kind.HOST)])
def test_while_a_part_has_not_answered_nothing_is_called_well(kinds: tuple[Kind, ...]) -> None:
    """What has answered is said, and what is still being asked: of the rest nobody knows anything yet."""
    answered = picture([one for one in healthy_observations() if one.kind in kinds])
    first = sentence(view_of(Told(), answered))[0].plain
    assert first.startswith("? LOOKING  Asking ")
    assert "4 API endpoints" in first
    assert "So far: 3 of 3 " in first


def test_with_nothing_seen_it_says_what_is_asked() -> None:
    """Silence is not good news."""
    first, _ = sentence(nothing_seen())
    assert first.plain == (
        "? LOOKING  Asking 3 etcd members, 4 API endpoints, 3 hosts of prod-eu. Nothing has answered yet."
    )


def test_old_looks_are_not_good_news() -> None:
    """With old data and no signal it does not say that all is well."""
    assert sentence(stale())[0].plain.startswith("? NOT KNOWN")
    assert sentence(healthy())[0].plain.startswith("✔ NO SIGNAL  Nothing that haops watches is wrong: 3 of 3 voters up")


def test_what_haops_changed_is_named_by_step_and_host() -> None:
    """Reads do not count."""
    assert sentence(failed())[1].plain.endswith("haops has begun 3 changes: label-hosts on cp1 cp2 cp3.")
    assert sentence(running())[1].plain.endswith("haops has changed nothing yet.")


def test_changes_of_an_earlier_runbook_are_still_counted_and_told() -> None:
    """What another runbook began is named as that: its steps are not among those of the present one."""
    view = failed()
    assert view.session.runbook
    other = replace(view.session.runbook, steps=tuple(s for s in view.session.runbook.steps if s.id != "label-hosts"))
    later = replace(view, session=replace(view.session, runbook=other))
    assert sentence(later)[1].plain.endswith("haops has begun 3 changes: 3 of an earlier runbook.")
    more = replace(view, session=replace(view.session, changes_made=4))
    assert sentence(more)[1].plain.endswith(
        "haops has begun 4 changes: label-hosts on cp1 cp2 cp3; 1 of an earlier runbook."
    )


@pytest.mark.parametrize("width", [20, 40, 78, 116])
def test_the_sentence_keeps_to_its_rows(width: int) -> None:
    """Three rows, the last one for what haops has done, and a mark where something is cut."""
    lines = now_lines(quorum_lost(), width, 3)
    assert len(lines) <= 3
    assert all(piece.width <= width for piece in lines)
    assert "Newest data" in lines[-1].plain or width < 40


def test_a_pane_is_as_old_as_its_oldest_look() -> None:
    """One silent subject makes the pane stale."""
    mixed = picture([*healthy_observations(1.0), seen(Kind.ETCD_MEMBER, "cp3", member(3), age_s=9.0)])
    half = picture(o for o in healthy_observations(9.0) if o.subject == "cp3" or o.kind is not Kind.ETCD_MEMBER)
    assert not freshness(view_of(Told(), mixed), [Kind.ETCD_MEMBER]).is_stale
    assert freshness(view_of(Told(), half), [Kind.ETCD_MEMBER]).note.plain == "stale 9 s"
    assert freshness(nothing_seen(), [Kind.ETCD_MEMBER]).note.plain == "no answer yet"


@pytest.mark.parametrize("name", ["api", "nodes"])
def test_where_nothing_is_named_nothing_is_said_about_answers(name: str) -> None:
    """An inventory of etcd alone names no API server: that is no answer that is still to come."""
    pane = next(pane for pane in all_panes() if pane.name == name)
    etcd_alone = replace(nothing_seen(), inventory=replace(nothing_seen().inventory, kubernetes=None))
    assert "no answer yet" in pane.heading(nothing_seen()).plain
    assert pane.heading(etcd_alone).plain == pane.title
    assert pane.table(etcd_alone).empty == "The inventory names no API server."


def test_a_kind_that_is_asked_for_only_on_demand_is_never_stale() -> None:
    """An interval of 0 says so."""
    view = replace(stale(), intervals_s={})
    assert not freshness(view, [Kind.ETCD_MEMBER]).is_stale


@pytest.mark.parametrize("width", [30, 58, 118])
@pytest.mark.parametrize("name", list(SCENES))
def test_rows_keep_their_order_and_columns_their_place(name: str, width: int) -> None:
    """Whatever the values, each pane's rows are those of the inventory or the runbook, and fit the width."""
    view, usual = SCENES[name](), healthy()
    for pane in all_panes():
        lines = table_lines(pane.table(view), width)
        assert all(cells(piece.plain) <= width for piece in lines)
        if pane.name in ("etcd", "api", "hosts"):
            assert [row.key for row in pane.table(view).rows] == [row.key for row in pane.table(usual).rows]


def test_panes_are_found_by_themselves_and_numbered_without_gaps() -> None:
    """One file each, and every one explains itself."""
    panes = all_panes()
    assert [pane.number for pane in panes] == list(range(1, len(panes) + 1))
    assert all(pane.explains and pane.title and pane.asked for pane in panes)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"leader_id": ""}, "no leader"),
        ({"is_learner": True}, "learner"),
        ({"errors": ("NOSPACE",)}, "NOSPACE"),
        ({"leader_id": "a2"}, "leader"),
        ({}, "follower"),
    ],
)
def test_a_member_stands_there_with_a_word_of_the_field(change: dict[str, Any], word: str) -> None:
    """Glyph and word, worst first."""
    observations = [*healthy_observations(), seen(Kind.ETCD_MEMBER, "cp2", member(2, **change), age_s=0.1)]
    pane = next(pane for pane in all_panes() if pane.name == "etcd")
    row = pane.table(view_of(Told(), picture(observations))).rows[1]
    assert row.cells[2].text == word


def test_a_revision_raised_by_a_restore_is_shown_to_its_last_digit() -> None:
    """A restore adds a thousand million; what differs between members stands in the last digits."""
    observations = [
        *healthy_observations(),
        seen(Kind.ETCD_MEMBER, "cp2", member(2, revision=1_000_000_125), age_s=0.1),
    ]
    pane = next(pane for pane in all_panes() if pane.name == "etcd")
    lines = table_lines(pane.table(view_of(Told(), picture(observations))), 56)
    assert " 1000000125 " in lines[2].plain
    assert " 1 284 331 " in lines[1].plain


def test_members_with_different_hashes_are_said_in_the_title() -> None:
    """The worst that etcd can have is never a detail."""
    observations = [*healthy_observations(), seen(Kind.ETCD_MEMBER, "cp2", member(2, hash=1), age_s=0.1)]
    pane = next(pane for pane in all_panes() if pane.name == "etcd")
    assert "HASHES DIFFER" in pane.heading(view_of(Told(), picture(observations))).plain
    assert "hashes equal" in pane.foot(healthy()).plain


@pytest.mark.parametrize("condition", ["older.present", 'etcd.members_expected == "three" or 1 > "x"'])
def test_a_step_whose_condition_cannot_be_told_says_so_and_the_way_on(condition: str) -> None:
    """It is ready and is not offered: without a word the session would stand still for no reason that one can see."""
    session = Told().take_up().session
    first = replace(RUNBOOK.steps[0], when=that(condition))
    session = replace(session, runbook=replace(RUNBOOK, steps=(first, *RUNBOOK.steps[1:])))
    view = replace(healthy(), session=session)
    assert standing(view, first, session.steps[first.id]) == "condition unknown"
    for shown in (detail(view, first.id, 100), short_detail(view, first.id, 100)):
        text = "\n".join(line.plain for line in shown)
        assert condition in text
        assert "s skip it with a reason" in text


def test_what_is_unknown_draws_attention_first() -> None:
    """Then what failed, then what runs, then what waits."""
    assert current_step(unknown()) == "stop-api"
    assert current_step(failed()) == "label-hosts"
    assert current_step(waiting("stop-api")) == "stop-api"
    assert current_step(healthy()) == ""


def test_steps_that_hang_on_the_current_one_are_marked() -> None:
    """The last of them closes the branch."""
    marks = [row.cells[0].text for row in steps_table(waiting("stop-api")).rows]
    assert marks == ["", "", "", "", "", "├", "├", "├", "╰"]


def test_every_state_and_severity_has_its_own_glyph_and_word() -> None:
    """No two states look alike without colour."""
    assert set(STEP_MARKS) == set(StepState)
    assert len({(mark.glyph, mark.word) for mark in STEP_MARKS.values()}) == len(StepState)
    assert len({mark.glyph for mark in STEP_MARKS.values()}) == len(StepState)
    assert all(cells(mark.glyph) == 1 and mark.word for mark in (*STEP_MARKS.values(), *SEVERITY_MARKS.values()))
    assert all(mark.meaning for mark in STEP_MARKS.values())


def test_what_a_lost_connection_means_is_said_for_every_effect() -> None:
    """Nobody has to know the table by heart."""
    assert set(AFTER_A_LOST_CONNECTION) == set(Effect)


@pytest.mark.parametrize("name", ["label-hosts", "stop-api", "survivor"])
def test_the_plain_question_is_the_one_of_the_screen(name: str) -> None:
    """It asks for the answer that the risk wants, and holds the digest of the plan."""
    view = waiting(name)
    asked = confirmation(view, name, 80)
    assert asked is not None
    step = view.plans[name].step
    assert asked.digest == view.plans[name].digest
    assert asked.answer == {Risk.READ: "enter", Risk.CHANGE: "y", Risk.DESTROY: "typed"}[step.risk]
    assert asked.to_type == ("prod-eu" if step.risk is Risk.DESTROY else "")
    assert confirmation(view, "restore", 80) is None


def test_a_step_that_cannot_run_says_why_in_its_question() -> None:
    """A value that is not known yet is an obstacle."""
    asked = confirmation(waiting("restore"), "restore", 80)
    assert asked is not None
    assert "not known yet: SNAPSHOT (snapshot)" in asked.obstacle


@pytest.mark.parametrize(
    "name", [name for name in SCENES if name not in ("healthy", "quorum-lost", "stale", "nothing-seen")]
)
def test_a_step_in_four_lines(name: str) -> None:
    """At 80x24 the current step has four lines, the last one says what next."""
    view = SCENES[name]()
    lines = short_detail(view, current_step(view), 78)
    assert len(lines) == 4
    assert lines[-1].spans[0].role is Role.KEY


def test_a_failed_step_shows_the_evidence_of_every_attempt() -> None:
    """On each host, with exit status and time."""
    said = "\n".join(piece.plain for piece in detail(failed(), "label-hosts", 100))
    assert "cp2  ✖ failed, exit status 1, 1 s: exit status 1: read-only file system" in said
    assert all(name in said for name in NAMES)


def test_the_header_gives_way_without_losing_cluster_and_mode() -> None:
    """Where it is narrow, the journal's part goes first."""
    view = waiting("stop-api")
    wide, narrow = header(view, 120).plain, header(view, 60).plain
    assert "journal 41 events" in wide
    assert "journal" not in narrow
    assert "prod-eu  INCIDENT +00:07:29" in narrow
    assert cells(wide) == 120


def test_leaving_a_session_that_is_over_promises_nothing() -> None:
    """It does not wait, and cannot be gone on with."""
    assert "The session waits" in leave_lines(healthy())[0].plain
    assert leave_lines(over())[0].plain == "The session is over; its journal stays."


def test_the_help_names_keys_as_they_are_typed() -> None:
    """`?`, not the name that the toolkit has for it."""
    said = "\n".join(piece.plain for piece in help_lines(None, session_keys({"session.note": "colon"}), (), 100))
    assert "?, f1" in said
    assert ":, ctrl+p" in said
    assert "question_mark" not in said
    assert "colon" not in said


def test_keys_keep_their_place_and_words_give_way() -> None:
    """The last key stands at the right edge, at most six are shown."""
    many = [(str(number), "words") for number in range(9)]
    shown = key_line(many, 80)
    assert [span.text for span in shown.spans if span.role is Role.KEY] == ["0", "1", "2", "3", "4", "8"]
    assert shown.width <= 80


def test_output_is_shown_behind_a_gutter_and_says_what_it_lacks() -> None:
    """Its last rows in the pane, all of it in the viewer, each line made when it is looked at."""
    output = Output(attempt="a", stdout=b"one\n\xff\x1b[2J\n" + b"x" * 200 + b"\n", dropped_bytes=2_000_000)
    assert [piece.plain for piece in output_tail(output, 20, 2)] == ["▏ \\xff\\x1b[2J", "▏ " + "x" * 17 + "…"]
    lines = OutputLines(output)
    assert lines[0].plain == "The first 2 MB are not kept."
    assert [piece.plain for piece in lines[1:3]] == ["▏ one", "▏ \\xff\\x1b[2J"]
    assert len(lines[3].plain) == 202


def test_an_output_that_is_the_same_is_not_split_again() -> None:
    """A big output costs once."""
    whole, output = WholeOutput(), Output(attempt="a", stdout=b"a\n" * 1000)
    assert whole.of(output) is whole.of(replace(output))
    assert whole.of(replace(output, stdout=b"b")) is not whole.of(output)


@dataclass(frozen=True)
class Happening:
    """An entry of a timeline."""

    at: datetime
    sentence: str
    moment: str = ""


def test_the_timeline_marks_key_moments_and_the_time_between_them() -> None:
    """One line each, in order."""
    entries = [
        Happening(NOW, "etcd lost its quorum", "first bad signal"),
        Happening(NOW + timedelta(seconds=5), "cp1 refused"),
        Happening(NOW + timedelta(seconds=90), "kim confirmed stop-api", "first change"),
    ]
    said = [piece.plain for piece in timeline_lines(entries, 100)]
    assert "03:21:07" in said[1]
    assert "◆ FIRST BAD SIGNAL  etcd lost its quorum" in said[1]
    assert "◆ FIRST CHANGE (+1 min 30 s)  kim confirmed stop-api" in said[3]
    assert timeline_lines([], 80)[0].plain == "Nothing is in the journal yet."


def test_the_timeline_is_read_again_only_when_the_journal_has_grown() -> None:
    """Looking at it costs nothing while nothing happens."""
    reads: list[int] = []
    story = Story(lambda: reads.append(1) or [Happening(NOW.astimezone(UTC), "x")])
    story.at(1)
    story.at(1)
    story.at(2)
    assert len(reads) == 2


def test_an_error_is_told_with_what_to_try_first_and_where_last() -> None:
    """The end may be cut; what to do may not."""
    error = SettingsError("there is no theme x", where="/a/long/path", remedy="dark")
    assert error_text(error) == "there is no theme x. Try: dark. (/a/long/path)"
    rows = notice_lines([("warning", "word " * 100)], 40)
    assert len(rows) == 3
    assert rows[-1].plain.endswith("…")


def test_values_that_are_steps_of_a_healthy_cluster_need_no_plan() -> None:
    """A view without a runbook still has every pane."""
    assert all(pane.table(view_of(Told(), HEALTHY)) for pane in all_panes())
