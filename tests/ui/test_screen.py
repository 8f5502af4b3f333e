"""The rules of the screen, one after the other."""

from dataclasses import replace
from time import monotonic

import pytest
from textual.widgets import Input

from haops.core import commands as cmd
from haops.core.observations import Kind
from haops.core.session_state import Outcome
from haops.core.view import View
from haops.ui.app import REFRESH_S
from haops.ui.screens.help import HelpScreen
from haops.ui.screens.session import SessionScreen
from haops.ui.screens.triage import TriageScreen
from haops.ui.screens.viewer import Viewer
from haops.ui.widgets.lines import Lines
from haops.ui.widgets.menu import Menu
from tests.ui.conftest import LARGE, SMALL, Screen, running, scene
from tests.ui.scenes import (
    HEALTHY,
    LOST_SIGNALS,
    NOW_S,
    FakeLive,
    Story,
    healthy,
    healthy_observations,
    lost_observations,
    member,
    noticed,
    over,
    picture,
    seen,
    view_of,
)


def steps_of(screen: Screen) -> Menu:
    """Return the pane of steps."""
    return screen.app.screen.query_one("#pane-steps", Menu)


async def test_the_sentence_says_the_worst_true_thing_and_what_haops_changed() -> None:
    """Two lines, with numbers, with what still works, computed from signals and the journal."""
    async with scene("quorum-lost", SMALL) as screen:
        assert "✖ ETCD QUORUM LOST 1 of 3 members answers, 2 needed." in screen.said
        assert "Running pods keep running; nothing can change." in screen.said
        assert "haops has changed nothing yet." in screen.said


async def test_every_pane_says_how_old_its_data_is_and_stale_is_said_in_a_word() -> None:
    """Past twice its interval a pane dims and says so."""
    async with scene("stale") as screen:
        assert "2 etcd stale 14 s" in screen.text
        assert "✔ NO SIGNAL" not in screen.text
        assert "? NOT KNOWN" in screen.text
        assert screen.app.screen.query_one("#pane-etcd").has_class("-stale")


async def test_what_cannot_be_reached_keeps_its_last_value_marked_with_the_error() -> None:
    """The error stands there in the field's words, the value with its age."""
    async with scene("quorum-lost") as screen:
        [row] = [row for row in screen.rows if "✖ cp3    refused" in row]
        assert "1 284 331" in row
        assert "13 s ago" in row


async def test_nothing_moves_under_the_cursor_while_data_is_renewed() -> None:
    """Rows keep their order and their place, the cursor its row, and no widget comes or goes."""
    async with scene("waiting-destroy") as screen:
        await screen.press("up", "up")
        before = (steps_of(screen).cursor, list(screen.app.screen.query("*")))
        screen.live.change(replace(screen.live.now, journal_events=42))
        await screen.pilot.pause(0.2)
        assert (steps_of(screen).cursor, list(screen.app.screen.query("*"))) == before
        assert steps_of(screen).cursor == "survivor"


async def test_the_cursor_follows_the_session_until_the_operator_moves_it() -> None:
    """The step that waits is the one under the cursor, without a key."""
    live = FakeLive(view_of(Story().take_up().until("label-hosts"), HEALTHY))
    async with running(live) as screen:
        assert steps_of(screen).cursor == "label-hosts"
        live.change(view_of(Story().take_up().until("stop-api"), HEALTHY))
        await screen.pilot.pause(0.2)
        assert steps_of(screen).cursor == "stop-api"
        await screen.press("up")
        live.change(view_of(Story().take_up().until("stop-etcd"), HEALTHY))
        await screen.pilot.pause(0.2)
        assert steps_of(screen).cursor == "label-hosts"


def marked(pane: Lines, row: int) -> list[str]:
    """Return the texts that are underlined in a row of a pane."""
    return [s.text.strip() for s in pane.render_line(row) if s.style and s.style.underline]


async def test_a_changed_cell_is_marked_and_only_its_row_is_drawn_anew() -> None:
    """A new revision is underlined for a moment; rows that did not change are left alone."""
    async with scene("healthy") as screen:
        pane = screen.app.screen.query_one("#pane-etcd", Lines)
        drawn: list[int] = []
        pane.refresh_line = drawn.append  # type: ignore[method-assign]
        observations = [*healthy_observations(0.5), seen(Kind.ETCD_MEMBER, "cp2", member(2, revision=9), age_s=0.1)]
        screen.live.change(view_of(Story(), picture(observations)))
        await screen.pilot.pause(0.2)
        assert drawn == [2]
        assert "9" in marked(pane, 2)


async def test_what_changes_every_second_is_not_marked_and_takes_no_mark_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A latency is another with each look: it must neither flash, nor end the mark of a revision beside it."""
    monkeypatch.setattr("haops.ui.widgets.lines._MARKED_S", 3600.0)
    async with scene("healthy") as screen:
        pane = screen.app.screen.query_one("#pane-etcd", Lines)
        for latency_ms in (3.0, 4.0):
            changed = seen(Kind.ETCD_MEMBER, "cp2", member(2, revision=9, latency_ms=latency_ms), age_s=0.1)
            screen.live.change(view_of(Story(), picture([*healthy_observations(0.5), changed])))
            await screen.pilot.pause(0.2)
            assert f"{latency_ms:.0f} ms" in pane.lines[2].plain
            assert marked(pane, 2) == ["9"]


@pytest.mark.parametrize("name", ["healthy", "quorum-lost", "unknown", "failed", "waiting-destroy", "drill", "stale"])
async def test_no_state_is_told_by_colour_alone(name: str) -> None:
    """With every colour taken away the text is the same: glyph and word say it."""
    async with scene(name) as screen, scene(name, theme="monochrome") as grey:
        assert screen.text == grey.text


async def test_unknown_looks_like_unknown_and_is_settled_by_its_probe() -> None:
    """Its own glyph, its own question with what was observed, and the probe."""
    async with scene("unknown") as screen:
        assert "?  5 stop-api" in screen.text
        await screen.press("enter")
        assert "the connection was lost 3.2 s after the command had started" in screen.said
        assert "Nothing will run it again by itself." in screen.said
        await screen.press("p")
        assert screen.live.commands == [cmd.Probe(attempt="stop-api-cp2")]


@pytest.mark.parametrize(("key", "happened"), [("h", True), ("x", False)])
async def test_unknown_is_settled_by_a_person_with_a_reason(key: str, happened: bool) -> None:  # noqa: FBT001 - both ways
    """Without a reason nothing is settled."""
    async with scene("unknown") as screen:
        await screen.press("enter", "d", key, "enter")
        assert screen.live.commands == []
        await screen.write("seen there")
        await screen.press("enter")
        assert screen.live.commands == [cmd.Settle(attempt="stop-api-cp2", happened=happened, reason="seen there")]


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("r", cmd.Retry(step="label-hosts", reason="why")),
        ("b", cmd.RollBack(step="label-hosts", reason="why")),
        ("s", cmd.Skip(step="label-hosts", reason="why")),
    ],
)
@pytest.mark.parametrize("way", [(), ("enter",)], ids=["from the steps", "from the question"])
async def test_a_failed_step_offers_every_way_on(key: str, command: cmd.Command, way: tuple[str, ...]) -> None:
    """Retry, roll back and skip, each with a reason, from either place."""
    async with scene("failed") as screen:
        await screen.press(*way, key)
        await screen.write("why")
        await screen.press("enter")
        assert screen.live.commands == [command]


async def test_what_runs_can_be_asked_to_end() -> None:
    """Only after a second key."""
    async with scene("running") as screen:
        await screen.press("c")
        assert screen.live.commands == []
        await screen.press("y")
        assert screen.live.commands == [cmd.Cancel(attempt="survivor-cp1")]


async def test_a_note_is_written_down() -> None:
    """With a mark for what was done outside the runbook."""
    async with scene("healthy") as screen:
        await screen.press("n")
        await screen.write("!rebooted cp2")
        await screen.press("enter")
        assert screen.live.commands == [cmd.AddNote(text="rebooted cp2", outside=True)]
        assert "Noted: it is in the journal." in screen.text


@pytest.mark.parametrize(("key", "refusal"), [("s", "cannot be skipped as it is succeeded"), ("r", "cannot be tried")])
async def test_what_would_be_refused_is_refused_before_a_reason_is_asked_for(key: str, refusal: str) -> None:
    """Nobody types a reason in vain; a step that is not there to be skipped or tried again says so at once."""
    async with scene("waiting-destroy") as screen:
        if key == "s":
            await screen.press("up")
        await screen.press(key)
        assert isinstance(screen.app.screen, SessionScreen)
        assert refusal in screen.said


@pytest.mark.parametrize("key", ["y", "s", "r", "b", "c", "o", "l"])
async def test_a_key_that_can_do_nothing_says_what_can_be_done_instead(key: str) -> None:
    """Never a dead end."""
    async with scene("healthy", SMALL) as screen:
        await screen.press(key)
        said = " ".join(line.plain for line in screen.app.screen.query_one("#notice", Lines).lines)
        assert any(word in said for word in ("triage", "y confirms", "Move to", "haops timeline"))


async def test_a_refusal_is_shown_with_its_remedy() -> None:
    """What the session refuses is told in its words."""
    async with scene("healthy") as screen:
        screen.app.post_message(_given(cmd.Skip(step="look", reason="x")))
        await screen.settle()
        assert "Not done: look cannot be skipped" in screen.text


def _given(command: cmd.Command) -> object:
    from haops.ui.messages import CommandGiven  # noqa: PLC0415 - used here only

    return CommandGiven(command)


async def test_a_drill_looks_like_a_drill_on_every_screen_and_question() -> None:
    """The frame and the word stay wherever one goes."""
    async with scene("drill", SMALL) as screen:
        assert screen.rows[0].startswith("┏")
        for keys in (("t",), ("escape", "o"), ("escape", "question_mark"), ("escape", "y"), ("escape", "n")):
            await screen.press(*keys)
            assert "DRILL" in screen.text


async def test_panes_are_reached_by_number_and_by_tab_in_a_small_terminal() -> None:
    """Everything can be reached with the keyboard alone."""
    titles = ["steps", "etcd", "API servers", "hosts", "leases and nodes", "signals", "output"]
    async with scene("quorum-lost", SMALL) as screen:
        for number, title in enumerate(titles, 1):
            await screen.press(str(number))
            assert f"{number} {title}" in screen.text
            assert "q leave…" in screen.rows[-1], "the pane fills the terminal and the keys stay at its foot"
            await screen.press("1")
        for number, title in enumerate(titles[1:], 2):
            await screen.press("tab")
            assert f"{number} {title}" in screen.text


async def test_a_pane_can_be_zoomed_and_comes_back() -> None:
    """Pressing z zooms, pressing z again shows everything."""
    async with scene("quorum-lost") as screen:
        before = screen.text
        await screen.press("2", "z")
        assert "version" in screen.text
        await screen.press("z", "1")
        assert screen.text == before


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("name", ["healthy", "waiting-destroy", "unknown", "failed", "running"])
async def test_at_most_six_keys_are_shown(name: str, size: tuple[int, int]) -> None:
    """The rest is in the help and the palette."""
    async with scene(name, size) as screen:
        keys = [
            span for line in screen.app.screen.query_one("#keys").lines for span in line.spans if span.role == "key"
        ]
        assert 0 < len(keys) <= 6
        assert "q leave…" in screen.rows[-1]


async def test_a_terminal_that_is_too_small_says_so() -> None:
    """With the sentence below it."""
    async with scene("quorum-lost", (36, 9)) as screen:
        assert "Terminal too small" in screen.said
        assert "ETCD QUORUM LOST" in screen.text


async def test_leaving_asks_and_then_leaves_the_session() -> None:
    """Leaving the screen leaves the session."""
    async with scene("unknown") as screen:
        await screen.press("q")
        assert "Under way or unknown: stop-api" in screen.said
        await screen.press("enter", "n")
        assert screen.live.left == []
        await screen.press("y")
        assert screen.live.left == ["left"]
        assert screen.app.has_left


async def test_ctrl_c_is_a_no_to_a_question_and_asks_on_the_session_screen() -> None:
    """It never ends anything by itself."""
    async with scene("waiting-change") as screen:
        await screen.press("y", "ctrl+c")
        assert isinstance(screen.app.screen, SessionScreen)
        await screen.press("ctrl+c")
        assert "leave" in screen.said
        assert screen.live.left == []


async def test_the_session_is_closed_with_a_closing_word() -> None:
    """What is not finished is named first."""
    async with scene("waiting-change") as screen:
        await screen.press("f")
        assert "Not finished: label-hosts" in screen.said
        await screen.press("a")
        await screen.write("later")
        await screen.press("enter")
        assert screen.live.commands == [cmd.Close(outcome="abandoned", reason="later")]


async def test_help_explains_what_has_the_focus() -> None:
    """And lists the keys and the states."""
    async with scene("quorum-lost") as screen:
        await screen.press("2", "question_mark")
        assert isinstance(screen.app.screen, Viewer)
        assert "raft entries behind the furthest member" in screen.said
        assert "Answers came from: https://cp1, https://cp2, https://cp3" in screen.said
        assert "whether it happened is not known; probe it or decide" in screen.said
        await screen.press("escape")
        assert isinstance(screen.app.screen, SessionScreen)


@pytest.mark.parametrize(
    ("scene_name", "keys", "said"),
    [
        ("healthy", ("7",), ("What the newest attempt of the chosen step has printed",)),
        ("waiting-change", ("y",), ("Confirming a step", "y run a step that changes something", "esc no; nothing")),
        ("waiting-destroy", ("y",), ("Confirming a step", "the cluster's name, typed")),
        ("healthy", ("q",), ("A question", "y leave")),
        ("healthy", ("n",), ("A text", "esc no; nothing happens")),
        ("quorum-lost", ("t",), ("Which runbook fits", "enter take up the runbook under the cursor")),
        ("healthy", ("t", "enter"), ("A question",)),
    ],
)
async def test_help_is_there_on_every_screen_and_answers_nothing(
    scene_name: str, keys: tuple[str, ...], said: tuple[str, ...]
) -> None:
    """It says what holds there, its keys confirm nothing, and esc leads back to where it was asked for."""
    async with scene(scene_name, reading_time_s=0.0) as screen:
        await screen.press(*keys)
        below = screen.app.screen
        await screen.press("f1")
        assert isinstance(screen.app.screen, HelpScreen)
        assert [words for words in said if words not in screen.said] == []
        await screen.press("y", "enter", "question_mark", "f1", "escape")
        assert screen.app.screen is below
        assert screen.live.commands == []


async def test_help_on_a_question_without_a_place_to_type_has_its_usual_key() -> None:
    """Its frame says which; where something is typed the sign belongs to the text."""
    async with scene("waiting-change") as screen:
        await screen.press("y")
        assert "? help" in screen.rows[-1] + "".join(row for row in screen.rows if "╰" in row)
        await screen.press("question_mark")
        assert isinstance(screen.app.screen, HelpScreen)
        await screen.press("escape", "escape", "n", "question_mark")
        assert screen.app.screen.query_one(Input).value == "?"
        assert "f1 help" in screen.text


async def test_looking_again_asks_the_session() -> None:
    """Pressing u has everything observed afresh."""
    async with scene("healthy") as screen:
        await screen.press("u")
        assert screen.live.looks == 1


async def test_the_whole_output_is_read_in_the_viewer() -> None:
    """A big output is cheap, and its end is a key away."""
    lines = b"".join(b"line %d\n" % number for number in range(50_000))
    async with scene("running", output=lines) as screen:
        await screen.press("o", "end")
        assert "line 49999" in screen.text
        await screen.press("home")
        assert "line 0" in screen.text


async def test_what_an_attempt_prints_at_its_very_end_is_shown() -> None:
    """Output that comes together with the end of its attempt is read once more, then no more."""
    async with scene("running") as screen:
        view = screen.live.now
        ended = {name: replace(one, outcome=Outcome.SUCCEEDED) for name, one in view.session.attempts.items()}
        screen.live.printed = b"the last word\n"
        screen.live.change(replace(view, session=replace(view.session, attempts=ended)))
        deadline = monotonic() + 10
        while "the last word" not in screen.text:
            assert monotonic() < deadline
            await screen.pilot.pause(REFRESH_S)


async def test_what_the_session_has_to_tell_is_shown() -> None:
    """A notice that is no event has its own row."""
    async with running(FakeLive(noticed())) as screen:
        assert "cp2: SSH connection lost, connecting again" in screen.rows[-2]


async def test_a_served_screen_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the page would act with the operator's keys."""
    async with scene("waiting-change") as screen:
        monkeypatch.setattr(type(screen.app), "is_web", property(lambda _app: True))
        await screen.press("y", "y")
        assert screen.live.commands == []
        assert "Nothing is confirmed over a served screen" in screen.text


async def test_every_pane_says_where_its_data_came_from() -> None:
    """On its frame, in a word; in full in the help."""
    async with scene("healthy") as screen:
        for text in ("Status of each member", "/readyz of each", "SSH, TCP between"):
            assert text in screen.text


async def test_a_lost_journal_is_the_worst_that_can_be_said() -> None:
    """It stands before every signal."""
    view = replace(view_of(Story(), picture(lost_observations()), signals=LOST_SIGNALS), journal_lost="no space left")
    async with running(FakeLive(view)) as screen:
        assert "✖ JOURNAL LOST  no space left" in screen.rows[2]


async def test_triage_takes_up_the_runbook_that_fits_and_asks_for_its_inputs() -> None:
    """Inputs that are needed are asked for, in their form; nothing is taken up without them."""
    async with scene("quorum-lost") as screen:
        await screen.press("t")
        assert isinstance(screen.app.screen, TriageScreen)
        assert "✔ fits etcd-quorum-loss" in screen.said
        await screen.press("enter", "enter", "enter")
        assert screen.live.taken == []
        assert "needs the input ticket" in screen.said
        await screen.write("INC-7")
        await screen.press("enter", "enter")
        [(runbook, inputs)] = screen.live.taken
        assert (runbook.name, inputs) == ("etcd-quorum-loss", {"ticket": "INC-7"})


async def test_triage_without_inputs_asks_once() -> None:
    """A runbook that needs nothing is taken up with y."""
    async with scene("quorum-lost") as screen:
        await screen.press("t", "down", "enter", "enter")
        assert screen.live.taken == []
        await screen.press("y")
        assert [runbook.name for runbook, _ in screen.live.taken] == ["network-partition"]


async def test_many_changes_are_drawn_at_most_ten_times_a_second() -> None:
    """A storm of events does not become a storm of drawing."""
    looked: list[float] = []

    class Counting(FakeLive):
        def view(self) -> View:
            looked.append(NOW_S)
            return super().view()

    async with running(Counting(healthy())) as screen:
        looked.clear()
        begun = monotonic()
        for _ in range(60):
            screen.live.change(screen.live.now)
            await screen.pilot.pause(0.005)
        most = (monotonic() - begun) / REFRESH_S + 3
        assert 1 <= len(looked) <= most


async def test_the_palette_finds_every_action() -> None:
    """Titles read noun: verb, and what is chosen is done."""
    async with scene("healthy") as screen:
        await screen.press("colon")
        await screen.write("note: write")
        await screen.pilot.pause(0.3)
        await screen.press("enter")
        await screen.pilot.pause(0.2)
        assert "Begin with ! for something" in screen.said


async def test_a_session_that_is_over_offers_nothing_that_changes_it() -> None:
    """Every key in the key line leads somewhere."""
    async with running(FakeLive(over())) as screen:
        keys = screen.rows[-1]
        assert "look closer" in keys
        assert "leave" in keys
        assert not [word for word in ("confirm", "finish", "skip", "note") if word in keys]
