"""A plan is exactly what would run: hosts, script, environment, and a digest over all of it."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from haops.core.conditions import parse_condition
from haops.core.inventory import BASTION
from haops.core.planning import Knowledge, StepPlan, plan_step
from haops.core.runbook import Guard, Selector, Spread, Step
from tests.core.conftest import step
from tests.core.test_decide import INVENTORY

ETCD = Selector(roles=("etcd",))


def planned(
    the_step: Step, facts: dict[str, Any] | None = None, hosts: dict[str, Any] | None = None, **options: Any
) -> StepPlan:
    """Return a plan from these facts and facts of hosts."""
    known = Knowledge(shared=facts or {}, of_host=lambda host: (hosts or {}).get(host, {}))
    return plan_step(the_step, INVENTORY, known, lambda s, _: (str(s.action), {}), **options)


def targets(plan: StepPlan) -> list[str]:
    """Return the names of a plan's targets."""
    return [target.target for target in plan.targets]


def test_without_a_selector_it_runs_on_the_bastion() -> None:
    """A step that names no host has the bastion as its one target."""
    assert targets(planned(step("one"))) == [BASTION]


def test_a_selector_takes_the_hosts_that_match() -> None:
    """Role, name and the host's own facts decide; an unknown condition does not match."""
    where = parse_condition("not host.etcd_running")
    picked = planned(step("one", on=replace(ETCD, where=where)), hosts={"cp1": {"host.etcd_running": False}})
    assert targets(picked) == ["cp1"]


def test_one_host_is_given_by_an_expression() -> None:
    """`one` names the host; while it is not known the step cannot run, and says what is missing."""
    the_step = step("one", on=replace(ETCD, spread=Spread.ONE, one=parse_condition("etcd.newest_host")))
    assert targets(planned(the_step, {"etcd.newest_host": "cp2"})) == ["cp2"]
    assert "etcd.newest_host" in planned(the_step).problem
    assert "lb1" in planned(the_step, {"etcd.newest_host": "lb1"}).problem


def test_no_host_is_a_problem() -> None:
    """A step whose selector matches nothing says so instead of succeeding on nothing."""
    assert planned(step("one", on=Selector(roles=("worker",)))).problem == "no host matches"


def test_a_value_that_is_not_known_is_named() -> None:
    """A variable without a value stops the step and is named with its expression."""
    plan = planned(step("one", environment={"TOKEN": parse_condition("restore_token")}))
    assert "TOKEN (restore_token)" in plan.problem


def test_what_succeeded_before_is_not_run_again() -> None:
    """Targets kept from a broken-off round are not among the targets."""
    plan = planned(step("one", on=ETCD), kept=frozenset({"cp1"}))
    assert targets(plan) == ["cp2"]
    assert plan.kept == ("cp1",)


def test_a_guard_on_host_facts_is_looked_at_on_every_target() -> None:
    """A guard that reads host facts answers per host, any other once."""
    on_hosts, once = Guard(that=parse_condition("host.reachable")), Guard(that=parse_condition("x == 1"))
    hosts = {"cp1": {"host.reachable": True}}
    plan = planned(step("one", on=ETCD, guards=(on_hosts, once)), {"x": 1}, hosts)
    assert [(now.target, now.holds) for now in plan.guards] == [("cp1", True), ("cp2", None), (BASTION, True)]


@given(st.text())
def test_a_value_never_becomes_code(value: str) -> None:
    """Whatever a value holds, the script's text stays as it is; the value is in the environment."""
    plan = planned(step("one", action='echo "$VALUE"', environment={"VALUE": parse_condition("v")}), {"v": value})
    assert plan.targets[0].script == 'echo "$VALUE"'
    assert plan.targets[0].environment["VALUE"] == value


def test_the_digest_changes_with_everything_that_was_confirmed() -> None:
    """Script, environment, hosts, guards, risk and timeout are all in the digest; live answers are not."""
    base = step(
        "one", on=ETCD, environment={"V": parse_condition("v")}, guards=(Guard(that=parse_condition("v == 1")),)
    )
    digests = {
        planned(base, {"v": 1}).digest,
        planned(base, {"v": 2}).digest,
        planned(replace(base, action="false"), {"v": 1}).digest,
        planned(replace(base, on=replace(ETCD, names=("cp1",))), {"v": 1}).digest,
        planned(replace(base, guards=()), {"v": 1}).digest,
        planned(replace(base, timeout_s=1), {"v": 1}).digest,
    }
    assert len(digests) == 6
    assert planned(base, {"v": 1}).digest == planned(base, {"v": 1, "other": 5}).digest
