"""The table of what can be rehearsed agrees with the faults, the runbooks and itself."""

import pytest

from haops.errors import InputError
from haops.lab.faults.fault import complete_parameters
from haops.lab.faults.registry import FAULTS
from haops.lab.scenarios import SCENARIOS, Scenario, find_scenario
from haops.runtime.library import load_runbook

HOSTS = ("a", "b", "c")


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_every_fault_of_a_scenario_can_be_injected(scenario: Scenario) -> None:
    """Each planned fault exists and has all its parameters."""
    for variant in scenario.variants.values():
        for injection in variant.injections(HOSTS, leader="b"):
            assert injection.hosts
            complete_parameters(FAULTS[injection.fault], injection.parameters)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_runbook_of_a_scenario_takes_its_inputs(scenario: Scenario) -> None:
    """The runbook exists, and knows the input that a variant fills."""
    inputs = {declared.name for declared in load_runbook(scenario.runbook).inputs}
    assert {variant.snapshot_input for variant in scenario.variants.values()} - {""} <= inputs


def test_survivor_is_the_leader() -> None:
    """The member that survives is the one that has applied everything acknowledged: the leader loses neither."""
    variant = find_scenario("etcd-quorum-loss").variant("survivor")
    assert {injection.hosts for injection in variant.injections(HOSTS, leader="b")} == {("a", "c")}


def test_dead_survivor_is_killed_and_keeps_its_data() -> None:
    """Nothing answers any more, and exactly one data directory is left."""
    injections = find_scenario().variant("dead-survivor").injections(HOSTS, leader="b")
    killed = {host for each in injections if each.fault == "exhaust-restarts" for host in each.hosts}
    emptied = {host for each in injections if each.fault == "delete-data-directory" for host in each.hosts}
    assert (killed, emptied) == ({"a", "b", "c"}, {"a", "c"})


def test_loss_is_either_forbidden_or_stated() -> None:
    """A variant that may lose writes says so in words; any other may lose none."""
    for variant in find_scenario().variants.values():
        assert variant.expected_loss
        assert (variant.lost_writes == 0) == ("nothing" in variant.expected_loss)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    """A mistyped scenario or variant is an error that lists what there is."""
    with pytest.raises(InputError, match="etcd-quorum-loss"):
        find_scenario("quorum")
    with pytest.raises(InputError, match="majority-intact"):
        find_scenario().variant("majority")
