"""A session is a fold over its events."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haops.core import events as ev
from haops.core.session import Entry, apply, fold
from haops.core.session_state import Outcome, Session
from haops.core.states import IllegalEvent, StepState
from tests.core.conftest import Story, diamond


def states(session: Session) -> dict[str, str]:
    """Return step id -> state."""
    return {step_id: run.state.value for step_id, run in session.steps.items()}


def test_a_new_runbook_has_its_first_steps_ready(story: Callable[..., Story]) -> None:
    """Steps without needs are ready at once, all others wait."""
    assert states(story().session) == dict.fromkeys(("left", "right", "join", "undo"), "pending") | {"way": "ready"}


def test_a_decision_opens_what_needs_it(story: Callable[..., Story]) -> None:
    """A choice ends its step, becomes a value, and makes what needs it ready."""
    session = story().choose("b")
    assert session.values["way"] == "b"
    assert states(session)["left"] == states(session)["right"] == "ready"


def test_a_step_with_a_verification_is_verified_before_it_has_succeeded(story: Callable[..., Story]) -> None:
    """A step that ran is not done until what must come true came true."""
    tale = story()
    tale.choose()
    assert states(tale.succeed("right"))["right"] == "verifying"
    passed = ev.VerificationPassed(step="right", condition="x == 1", values="x 1")
    assert states(tale.tell(passed))["right"] == "succeeded"


@pytest.mark.parametrize(("outcome", "state"), [("failed", "failed"), ("unknown", "unknown")])
def test_what_needs_a_lost_step_is_blocked(story: Callable[..., Story], outcome: str, state: str) -> None:
    """A failed or unknown step blocks all that needs it, directly or not, and nothing beside it."""
    tale = story()
    tale.choose()
    (attempt,) = tale.confirm("left")
    session = tale.end("left", attempt, outcome)
    assert states(session) == {
        "way": "succeeded",
        "left": state,
        "right": "ready",
        "join": "blocked",
        "undo": "blocked",
    }


def test_unknown_weighs_more_than_failed(story: Callable[..., Story]) -> None:
    """With one target unknown the step is unknown, whatever the others did."""
    tale = story()
    tale.choose()
    first, second = tale.confirm("left", ("cp1", "cp2"))
    tale.end("left", first, "failed")
    assert states(tale.end("left", second, "unknown", "cp2"))["left"] == "unknown"


def test_a_settled_attempt_unblocks(story: Callable[..., Story]) -> None:
    """A verdict on an unknown attempt counts as its outcome, with who gave it."""
    tale = story()
    tale.choose()
    (attempt,) = tale.confirm("left")
    tale.end("left", attempt, "unknown")
    verdict = ev.AttemptSettled(
        step="left", target="cp1", attempt=attempt, outcome="succeeded", by="operator", evidence="the file is there"
    )
    session = tale.tell(verdict)
    assert states(session)["left"] == "succeeded"
    assert states(session)["join"] == "pending"
    assert session.attempts[attempt].settled_by == "operator"


def test_not_started_goes_back_to_the_operator(story: Callable[..., Story]) -> None:
    """Where nothing ran the step is asked again, and targets that succeeded are not run again."""
    tale = story()
    tale.choose()
    first, second = tale.confirm("left", ("cp1", "cp2"))
    tale.end("left", first, "succeeded")
    session = tale.tell(
        ev.AttemptEnded(step="left", target="cp2", attempt=second, outcome="not_started", evidence="refused")
    )
    assert states(session)["left"] == "awaiting_confirmation"
    assert session.steps["left"].kept == {"cp1"}


def test_what_is_left_of_a_round_that_an_unknown_broke_off_is_asked_about_again(story: Callable[..., Story]) -> None:
    """One host after the other: the second is unknown, settled, and the third still waits for the operator."""
    tale = story()
    tale.choose()
    plan = {target: {"script": "true", "environment": {}} for target in ("cp1", "cp2", "cp3")}
    tale.tell(ev.StepOffered(step="left"))
    tale.tell(ev.StepConfirmed(step="left", plan_digest="p", plan=plan, operator="ada", how="y"))
    for target, outcome in (("cp1", "succeeded"), ("cp2", "unknown")):
        tale.tell(ev.AttemptIntended(step="left", target=target, attempt=target, plan_digest="p"))
        tale.end("left", target, outcome, target)
    assert states(tale.session)["left"] == "unknown"
    session = tale.tell(
        ev.AttemptSettled(step="left", target="cp2", attempt="cp2", outcome="succeeded", by="probe", evidence="")
    )
    assert states(session)["left"] == "awaiting_confirmation"
    assert session.steps["left"].kept == {"cp1", "cp2"}


def test_retrying_a_broken_off_round_keeps_what_succeeded(story: Callable[..., Story]) -> None:
    """A retry after a failure on one of two targets leaves the other alone."""
    tale = story()
    tale.choose()
    first, second = tale.confirm("left", ("cp1", "cp2"))
    tale.end("left", first, "succeeded")
    tale.end("left", second, "failed", "cp2")
    session = tale.tell(ev.StepReopened(step="left", reason="again", operator="ada"))
    assert session.steps["left"].kept == {"cp1"}
    assert states(session)["left"] == "ready"


def test_reopening_a_step_resets_what_came_after_it(story: Callable[..., Story]) -> None:
    """What needs a reopened step has to be done again."""
    tale = story()
    tale.choose()
    tale.succeed("left")
    tale.succeed("right")
    tale.tell(ev.VerificationPassed(step="right", condition="x == 1", values=""))
    tale.succeed("join")
    session = tale.tell(ev.StepReopened(step="left", reason="again", operator="ada"))
    assert states(session) == {
        "way": "succeeded",
        "left": "ready",
        "right": "succeeded",
        "join": "pending",
        "undo": "pending",
    }


def test_a_way_back_takes_its_step_back(story: Callable[..., Story]) -> None:
    """A rollback runs the named step out of its turn, and its success marks the other as rolled back."""
    tale = story()
    tale.choose()
    tale.succeed("left")
    tale.tell(ev.RollbackChosen(step="left", way_back="undo", operator="ada"))
    assert states(tale.session)["undo"] == "awaiting_confirmation"
    plan = {"cp1": {"script": "true", "environment": {}}}
    tale.tell(ev.StepConfirmed(step="undo", plan_digest="p", plan=plan, operator="ada", how="y"))
    tale.tell(ev.AttemptIntended(step="undo", target="cp1", attempt="u", plan_digest="p"))
    session = tale.end("undo", "u", "succeeded")
    assert states(session)["left"] == "rolled_back"
    assert states(session)["join"] == "blocked"


@pytest.mark.parametrize(
    "event",
    [
        ev.StepConfirmed(step="left", plan_digest="p", plan={}, operator="ada", how="y"),
        ev.AttemptIntended(step="left", target="cp1", attempt="x", plan_digest="p"),
        ev.AttemptDispatched(step="left", target="cp1", attempt="x"),
        ev.AttemptEnded(step="left", target="cp1", attempt="x", outcome="succeeded", evidence=""),
        ev.VerificationPassed(step="left", condition="", values=""),
        ev.StepOffered(step="nowhere"),
        ev.RollbackChosen(step="left", way_back="undo", operator="ada"),
        ev.StepReopened(step="left", reason="", operator="ada"),
    ],
)
def test_an_illegal_event_changes_nothing(story: Callable[..., Story], event: ev.Event) -> None:
    """An event that cannot follow raises, and the session is as it was."""
    tale = story()
    before = tale.session
    with pytest.raises(IllegalEvent):
        tale.tell(event)
    assert tale.session == before


def test_an_attempt_needs_the_confirmed_plan(story: Callable[..., Story]) -> None:
    """An intent whose digest is not the one confirmed is impossible."""
    tale = story()
    tale.choose()
    tale.tell(ev.StepOffered(step="left"))
    plan = {"cp1": {"script": "true", "environment": {}}}
    tale.tell(ev.StepConfirmed(step="left", plan_digest="p", plan=plan, operator="ada", how="y"))
    with pytest.raises(IllegalEvent):
        tale.tell(ev.AttemptIntended(step="left", target="cp1", attempt="x", plan_digest="other"))


def histories() -> st.SearchStrategy[list[ev.Event]]:
    """Return what draws events that follow the runbook in any order, some of them not legal at all."""
    step_ids = st.sampled_from(["way", "left", "right", "join", "undo"])
    attempts = st.sampled_from(["a1", "a2", "a3"])
    outcomes = st.sampled_from(list(Outcome)).map(lambda outcome: outcome.value)
    plan = {"cp1": {"script": "true", "environment": {}}}
    kinds = [
        st.builds(ev.StepOffered, step=step_ids),
        st.builds(ev.StepSkipped, step=step_ids, by=st.just("operator"), reason=st.just("r")),
        st.builds(ev.OptionChosen, step=step_ids, value=st.just("a"), operator=st.just("o"), offered=st.just({})),
        st.builds(
            ev.StepConfirmed,
            step=step_ids,
            plan_digest=st.just("p"),
            plan=st.just(plan),
            operator=st.just("o"),
            how=st.just("y"),
        ),
        st.builds(ev.AttemptIntended, step=step_ids, target=st.just("cp1"), attempt=attempts, plan_digest=st.just("p")),
        st.builds(ev.AttemptDispatched, step=step_ids, target=st.just("cp1"), attempt=attempts),
        st.builds(
            ev.AttemptEnded,
            step=step_ids,
            target=st.just("cp1"),
            attempt=attempts,
            outcome=outcomes,
            evidence=st.just(""),
        ),
        st.builds(
            ev.AttemptSettled,
            step=step_ids,
            target=st.just("cp1"),
            attempt=attempts,
            outcome=outcomes,
            by=st.just("probe"),
            evidence=st.just(""),
        ),
        st.builds(ev.VerificationPassed, step=step_ids, condition=st.just(""), values=st.just("")),
        st.builds(ev.VerificationFailed, step=step_ids, condition=st.just(""), values=st.just("")),
        st.builds(ev.StepReopened, step=step_ids, reason=st.just(""), operator=st.just("o")),
        st.builds(ev.RollbackChosen, step=step_ids, way_back=st.just("undo"), operator=st.just("o")),
    ]
    return st.lists(st.one_of(kinds), max_size=60)


def legal_part(events: list[ev.Event]) -> tuple[Session, list[Entry]]:
    """Return the session after those events that were legal, and their entries; each illegal one changed nothing."""
    tale = Story(diamond())
    for event in events:
        before = tale.session
        try:
            tale.tell(event)
        except IllegalEvent:
            assert tale.session == before
    return tale.session, tale.entries


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(0, 80))
def test_a_fold_never_fails_on_a_legal_history(events: list[ev.Event], cut: int) -> None:
    """Folding a legal history gives the same session at once and in two parts, and never raises."""
    session, entries = legal_part(events)
    book = diamond()
    assert fold(entries, lambda _: book, Session(id="s")) == session
    first = fold(entries[:cut], lambda _: book, Session(id="s"))
    assert fold(entries[cut:], lambda _: book, first) == session


@settings(max_examples=40, deadline=None)
@given(histories())
def test_a_step_that_is_under_way_was_confirmed(events: list[ev.Event]) -> None:
    """No history leads to a step that runs, verifies or is unknown without a confirmation."""
    session, _ = legal_part(events)
    for step_id, run in session.steps.items():
        if run.state in (StepState.RUNNING, StepState.VERIFYING, StepState.UNKNOWN):
            assert step_id in session.confirmations


@settings(max_examples=20, deadline=None)
@given(st.permutations(["left", "right"]), st.booleans())
def test_the_order_of_independent_steps_does_not_matter(order: list[str], side_by_side: bool) -> None:  # noqa: FBT001
    """Two steps with no path between them lead to the same states in either order, and side by side."""
    tale = Story(diamond())
    tale.choose()
    if side_by_side:
        attempts = {step_id: tale.confirm(step_id)[0] for step_id in order}
        for step_id in reversed(order):
            tale.end(step_id, attempts[step_id], "succeeded")
    else:
        for step_id in order:
            tale.succeed(step_id)
    session = tale.tell(ev.VerificationPassed(step="right", condition="x == 1", values=""))
    assert states(session) == {
        "way": "succeeded",
        "left": "succeeded",
        "right": "succeeded",
        "join": "ready",
        "undo": "pending",
    }


def test_apply_keeps_the_place_in_the_journal() -> None:
    """A session knows which record it has come to."""
    session = apply(
        Session(id="s"), Entry(seq=7, wall="t", event=Story(diamond()).entries[0].event), lambda _: diamond()
    )
    assert session.seq == 7
