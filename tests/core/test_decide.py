"""What follows from a command: confirmation is graded and fails closed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from haops.core import commands as cmd
from haops.core import events as ev
from haops.core.conditions import parse_condition
from haops.core.decide import Circumstances, Decision, Refusal, decide
from haops.core.inventory import Host, Inventory, Layout
from haops.core.planning import Knowledge, StepPlan, plan_step
from haops.core.risk import Risk
from haops.core.runbook import Guard, Option, Selector, Step
from tests.core.conftest import OPENED, Story, step

INVENTORY = Inventory(
    cluster="prod-eu",
    layout=Layout.KUBEADM,
    hosts=(
        Host(name="cp1", address="10.0.0.1", roles=("etcd",)),
        Host(name="cp2", address="10.0.0.2", roles=("etcd",)),
    ),
)


def plan_of(the_step: Step, facts: dict[str, Any] | None = None, **options: Any) -> StepPlan:
    """Return a step's plan on a small cluster."""
    known = Knowledge(shared=facts or {}, of_host=lambda _: {})
    return plan_step(the_step, INVENTORY, known, lambda s, _: (str(s.action), {}), **options)


@pytest.fixture
def asked(story: Callable[..., Story]) -> Callable[..., tuple[Story, Callable[[cmd.Command], Decision], StepPlan]]:
    """Return a session in which one step waits, a way to give commands, and the step's plan."""

    def make(facts: dict[str, Any] | None = None, **fields: Any) -> tuple[Story, Callable[..., Decision], StepPlan]:
        one = step("one", **{"on": Selector(roles=("etcd",)), **fields})
        tale = story(one)
        tale.tell(ev.StepOffered(step="one"))
        plan = plan_of(one, facts)
        circumstances = Circumstances(operator="ada", plan_of=lambda _: plan)
        return tale, lambda command: decide(tale.session, command, circumstances), plan

    return make


@pytest.mark.parametrize(
    ("risk", "answer", "runs"),
    [
        (Risk.READ, cmd.Answer.ENTER, True),
        (Risk.CHANGE, cmd.Answer.ENTER, False),
        (Risk.CHANGE, cmd.Answer.YES, True),
        (Risk.DESTROY, cmd.Answer.YES, False),
        (Risk.DESTROY, cmd.Answer.TYPED, True),
        (Risk.READ, cmd.Answer.AUTO, False),
        (Risk.DESTROY, cmd.Answer.AUTO, False),
    ],
)
def test_the_answer_must_weigh_as_much_as_the_risk(asked: Any, risk: Risk, answer: cmd.Answer, runs: bool) -> None:  # noqa: FBT001
    """Reading takes a key, changing a `y`, destroying the cluster's name; nothing confirms itself in an incident."""
    _, give, plan = asked(risk=risk)
    decision = give(cmd.Confirm(step="one", plan_digest=plan.digest, answer=answer))
    assert isinstance(decision, Refusal) is not runs


def test_a_drill_may_confirm_by_itself(asked: Any) -> None:
    """The answer `auto` is good in a drill, and only there."""
    tale, give, plan = asked(risk=Risk.DESTROY)
    tale.session = replace(tale.session, opened=replace(OPENED, mode="drill"))
    (confirmed,) = give(cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.AUTO))
    assert confirmed.how == "auto"


def test_another_plan_than_the_one_shown_is_asked_again(asked: Any) -> None:
    """A confirmation stands for one digest; if anything of it has changed, it is refused."""
    _, give, _ = asked()
    decision = give(cmd.Confirm(step="one", plan_digest="another", answer=cmd.Answer.TYPED))
    assert "changed" in str(decision)


def test_what_is_confirmed_is_written_down_as_it_will_run(asked: Any) -> None:
    """The confirmation holds each target's script and environment."""
    _, give, plan = asked(action="echo hello")
    (confirmed,) = give(cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.YES))
    assert set(confirmed.plan) == {"cp1", "cp2"}
    assert confirmed.plan["cp1"]["script"] == "echo hello"
    assert confirmed.plan["cp1"]["environment"]["HOST_ADDRESS"] == "10.0.0.1"


GUARD = Guard(that=parse_condition("clock_s <= 1"), because="certificates would not fit")


@pytest.mark.parametrize("facts", [{"clock_s": 4}, {}])
def test_a_guard_that_does_not_hold_or_is_not_known_stops_the_step(asked: Any, facts: dict[str, Any]) -> None:
    """A guard must be known to hold; otherwise the refusal says which one and why it is there."""
    _, give, plan = asked(facts, guards=(GUARD,))
    decision = give(cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.TYPED))
    assert "clock_s" in str(decision)
    assert "certificates" in str(decision)


def test_a_guard_is_overridden_only_with_a_reason(asked: Any) -> None:
    """An override without words is none; with words they stand in the record."""
    _, give, plan = asked({"clock_s": 4}, guards=(GUARD,))
    confirm = cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.TYPED)
    assert isinstance(give(replace(confirm, overrides={GUARD.that.text: "  "})), Refusal)
    (confirmed,) = give(replace(confirm, overrides={GUARD.that.text: "chrony is being restarted"}))
    assert confirmed.overrides == {GUARD.that.text: "chrony is being restarted"}


def test_a_fixed_guard_is_never_overridden(asked: Any) -> None:
    """A guard that cannot be overridden stops the step whatever reason is typed."""
    _, give, plan = asked({"clock_s": 4}, guards=(replace(GUARD, overridable=False),))
    overrides = {GUARD.that.text: "I know"}
    command = cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.TYPED, overrides=overrides)
    assert isinstance(give(command), Refusal)


def test_a_step_that_does_not_wait_is_not_confirmed(asked: Any) -> None:
    """Only a step that was offered can be confirmed, and the refusal says where it stands."""
    tale, give, plan = asked()
    tale.succeed = None
    tale.tell(ev.StepSkipped(step="one", by="operator", reason="r"))
    decision = give(cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.TYPED))
    assert "skipped" in str(decision)


def test_a_closed_way_is_not_taken(asked: Any) -> None:
    """An answer whose condition does not hold is refused with the values; an open one says what is lost."""
    options = (
        Option(value="start", title="s", when=parse_condition("intact >= 2")),
        Option(value="restore", title="r", loses="writes after {revision}"),
    )
    _, give, _ = asked({"intact": 1, "revision": 77}, kind="choose", action=options, on=None)
    assert "intact 1" in str(give(cmd.Choose(step="one", value="start")))
    (chosen,) = give(cmd.Choose(step="one", value="restore"))
    assert chosen.loses == "writes after 77"
    assert chosen.offered["start"].startswith("closed")


def test_nobody_but_a_person_decides_in_an_incident(asked: Any) -> None:
    """The answer `auto` takes no way either, outside a drill."""
    options = (Option(value="restore", title="r", loses="nothing"),)
    _, give, _ = asked(kind="choose", action=options, on=None)
    assert "only a drill" in str(give(cmd.Choose(step="one", value="restore", answer=cmd.Answer.AUTO)))


def test_a_session_that_is_over_takes_notes_only(asked: Any) -> None:
    """After the end nothing runs, but a note can still be added."""
    tale, give, plan = asked()
    tale.tell(ev.SessionClosed(outcome="done"))
    assert isinstance(give(cmd.Confirm(step="one", plan_digest=plan.digest, answer=cmd.Answer.TYPED)), Refusal)
    assert give(cmd.AddNote(text="pager was silent"))[0].text == "pager was silent"


def test_unknown_is_settled_with_a_reason_only(story: Callable[..., Story]) -> None:
    """A person who says what happened has to say how they know."""
    tale = story(step("one"))
    (attempt,) = tale.confirm("one")
    tale.end("one", attempt, "unknown")
    now = Circumstances(operator="ada", plan_of=lambda _: plan_of(step("one")))
    assert isinstance(decide(tale.session, cmd.Settle(attempt=attempt, happened=True, reason=""), now), Refusal)
    (settled,) = decide(tale.session, cmd.Settle(attempt=attempt, happened=False, reason="looked at it"), now)  # type: ignore[misc]
    assert settled.outcome == "failed"  # type: ignore[attr-defined]


def test_no_way_back_is_said(story: Callable[..., Story]) -> None:
    """A step without a rollback says so, with its reason."""
    tale = story(step("one", irreversible="the old member is gone"))
    tale.succeed("one")
    now = Circumstances(operator="ada", plan_of=lambda _: plan_of(step("one")))
    assert "The old member is gone" in str(decide(tale.session, cmd.RollBack(step="one"), now))


def test_who_leaves_a_step_out_is_kept(asked: Any) -> None:
    """A skip is a person's decision like any other: the record names who made it."""
    _, answer, _ = asked()
    skipped = answer(cmd.Skip(step="one", reason="known"))
    assert skipped == (ev.StepSkipped(step="one", by="operator", reason="known", operator="ada"),)
