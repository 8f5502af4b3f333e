"""The engine runs what was confirmed and only that, and says unknown when it does not know."""

from dataclasses import replace
from pathlib import Path

import pytest

from haops.connectors.fake import FakeShell, Fault
from haops.core import commands as cmd
from haops.core.runbook import Input
from haops.core.session import fold
from haops.core.session_state import Outcome, Session
from haops.core.states import StepState
from haops.errors import JournalWriteFailed, RemoteFailed
from haops.formats.event_codec import entry_of
from haops.runtime import library
from haops.runtime.attempts import Attempts
from haops.runtime.journal_reader import read_journal
from haops.runtime.sessions import read_runbook
from tests.runtime.conftest import World, confirm, wait_for, wait_state


def types(world: World) -> list[str]:
    """Return the types of all records, in order."""
    assert world.engine is not None
    return [record.type for record in read_journal(Path(world.engine.view().journal_path)).records]


def test_nothing_runs_before_it_is_confirmed(world: World) -> None:
    """A step that is ready waits; no script has begun anywhere."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    assert world.effects() == []


def test_a_confirmed_step_runs_once_on_each_host(world: World) -> None:
    """Both hosts run the script once, its value is captured, and the next step is offered with it."""
    engine = world.begin()
    assert confirm(engine, "first") is None
    view = wait_state(engine, "second", StepState.AWAITING_CONFIRMATION)
    assert len(world.effects()) == 2
    assert view.plans["second"].targets[0].environment["WORD"] == "word"


def test_intent_and_dispatch_are_on_disk_before_the_effect(world: World) -> None:
    """The journal has intent and dispatch of an attempt before the script begins."""
    engine = world.begin()
    seen: list[list[str]] = []
    behave = world.hosts["h1"].behaviour

    def look_at_journal(script: str, environment: object) -> object:
        if "echo" in script:
            seen.append(types(world))
        return behave(script, environment)  # type: ignore[arg-type]

    world.hosts["h1"].behaviour = look_at_journal  # type: ignore[assignment]
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)
    assert {"step.confirmed", "attempt.intended", "attempt.dispatched"} <= set(seen[0])


@pytest.mark.parametrize("fault", [Fault.LOST_WHILE_RUNNING, Fault.LOST_AFTER_CLAIM, Fault.LOST_BEFORE_CLAIM])
def test_a_lost_link_is_unknown_and_settled_by_the_probe(world: World, fault: Fault) -> None:
    """A link that breaks leaves the step unknown; the host's own record settles it; no script begins twice."""
    world.hosts["h1"].faults.append(fault)
    engine = world.begin()
    confirm(engine, "first")
    settled = wait_state(engine, "first", StepState.SUCCEEDED, StepState.AWAITING_CONFIRMATION)
    if fault is Fault.LOST_WHILE_RUNNING:
        assert settled.session.steps["first"].state is StepState.SUCCEEDED
    else:
        wait_for(engine, lambda view: view.session.steps["first"].kept == {"h2"})
        confirm(engine, "first")
        wait_state(engine, "first", StepState.SUCCEEDED)
    per_host = [len(host.effects) for host in world.hosts.values()]
    assert per_host == [1, 1]


def test_a_script_that_vanished_stays_unknown_until_a_person_decides(world: World) -> None:
    """Started, gone, no exit status: nothing is guessed; a verdict with a reason settles it."""
    world.hosts["h1"].faults.append(Fault.VANISHED)
    engine = world.begin()
    confirm(engine, "first")
    view = wait_state(engine, "first", StepState.UNKNOWN)
    assert view.session.steps["second"].state is StepState.BLOCKED
    attempt = next(a for a in view.session.attempts.values() if a.outcome is Outcome.UNKNOWN)
    assert engine.submit(cmd.Settle(attempt=attempt.id, happened=True, reason="")) is not None
    assert engine.submit(cmd.Settle(attempt=attempt.id, happened=False, reason="the file is not there")) is None
    wait_state(engine, "first", StepState.FAILED)


def test_a_probe_that_finds_the_effect_brings_what_the_step_would_have_captured(world: World) -> None:
    """A script vanished but its effect is there: what the probe prints is captured, so that later steps can go on."""
    text = world.runbook_file.read_text()
    probe = "    effect: verified\n    probe: |\n      set -eu\n      echo found\n"
    world.runbook_file.write_text(text.replace("    timeout: 1s\n", f"    timeout: 1s\n{probe}", 1))
    world.hosts["h1"].faults.append(Fault.VANISHED)
    engine = world.begin()
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)


def test_an_accepted_attempt_that_the_host_has_forgotten_stays_unknown(world: World) -> None:
    """A host that had the attempt and knows nothing of it now has lost its disk: that never counts as not begun."""
    world.hosts["h1"].faults.append(Fault.FORGOTTEN)
    engine = world.begin()
    confirm(engine, "first")
    view = wait_state(engine, "first", StepState.UNKNOWN)
    attempt = next(a for a in view.session.attempts.values() if a.outcome is Outcome.UNKNOWN)
    assert engine.submit(cmd.Probe(attempt=attempt.id)) is None
    with pytest.raises(AssertionError):
        wait_for(engine, lambda v: v.session.steps["first"].state is not StepState.UNKNOWN, within_s=3.0)


def test_a_host_that_cannot_begin_an_attempt_has_not_failed_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for the attempt's record on the host: nothing was started, and that is what the journal says."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)

    def refuse(*_arguments: object, **_named: object) -> None:
        raise RemoteFailed("cannot write", where="h1")

    with monkeypatch.context() as patched:
        patched.setattr(FakeShell, "launch", refuse)
        confirm(engine, "first")
        wait_for(engine, lambda v: all(a.outcome for a in v.session.attempts.values()) and v.session.attempts)
        view = engine.view()
    assert {attempt.outcome for attempt in view.session.attempts.values()} == {Outcome.NOT_STARTED}
    assert world.effects() == []


def test_a_refused_connection_holds_the_step_with_nothing_run(world: World) -> None:
    """Connections are opened before the first change; if one cannot be, nothing has run anywhere."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    world.hosts["h2"].faults += [Fault.REFUSED] * 3
    confirm(engine, "first")
    view = wait_for(engine, lambda v: v.session.steps["first"].reason)
    assert "refused" in view.session.steps["first"].reason
    assert world.effects() == []


def test_a_fault_of_haops_itself_is_unknown_not_silence(world: World) -> None:
    """If haops's own code breaks after something was sent, the attempt is unknown and says why."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)

    def broken(script: str, environment: object) -> object:
        raise ZeroDivisionError(script, environment)

    world.hosts["h1"].behaviour = broken  # type: ignore[assignment]
    confirm(engine, "first")
    wait_state(engine, "first", StepState.UNKNOWN, StepState.AWAITING_CONFIRMATION)
    ended = [r for r in read_journal(Path(engine.view().journal_path)).records if r.type == "attempt.ended"]
    assert {"unknown", "succeeded"} == {record.body["outcome"] for record in ended}
    assert any("ZeroDivisionError" in record.body["evidence"] for record in ended)


def test_a_round_is_begun_once_even_if_its_end_cannot_be_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If recording an outcome fails, the attempt becomes unknown and is probed; no script begins a second time."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    ended, failures = Attempts._end, []

    def failing(self: Attempts, *arguments: object) -> None:
        if not failures:
            failures.append(arguments)
            raise JournalWriteFailed("the disk is full")
        ended(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Attempts, "_end", failing)
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)
    assert [len(host.effects) for host in world.hosts.values()] == [1, 1]


def test_an_exit_status_that_is_not_expected_fails_the_step(world: World) -> None:
    """A failed step says why, blocks what needs it, and can be tried again after a new confirmation."""
    world.exit_status = 3
    engine = world.begin()
    confirm(engine, "first")
    view = wait_state(engine, "first", StepState.FAILED)
    assert "exit status 3" in view.session.steps["first"].reason
    world.exit_status = 0
    assert engine.submit(cmd.Retry(step="first")) is None
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)
    assert len(world.effects()) == 4


def test_a_runbook_that_changes_on_disk_changes_nothing_in_the_session(world: World) -> None:
    """The session holds the text that was taken up; the file may become anything."""
    engine = world.begin()
    world.runbook_file.write_text("something else")
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)


def test_what_the_journal_holds_folds_to_the_same_session(world: World) -> None:
    """Reading the journal back gives the steps and values that the running session has."""
    engine = world.begin()
    confirm(engine, "first")
    wait_state(engine, "second", StepState.AWAITING_CONFIRMATION)
    engine.leave("left")
    view = engine.view()
    records = read_journal(Path(view.journal_path)).records
    folded = fold(map(entry_of, records), read_runbook, Session(id=view.session.id))
    assert folded == view.session


def test_a_runbook_that_is_refused_leaves_no_facts(world: World) -> None:
    """What a runbook that was not taken up had been given is not known to any condition."""
    world.hosts["h1"].faults.append(Fault.VANISHED)
    engine = world.begin()
    confirm(engine, "first")
    wait_state(engine, "first", StepState.UNKNOWN)
    runbook = library.load_runbook(str(world.runbook_file))
    other = replace(runbook, inputs=(Input(name="size", type="int"),))
    assert engine.choose_runbook(other, {"size": 3}) is not None
    assert "size" not in engine.view().facts


def test_the_events_counted_are_those_in_the_journal(world: World) -> None:
    """The header's number is the number of the last record, from the first one on."""
    engine = world.begin()
    wait_state(engine, "first", StepState.AWAITING_CONFIRMATION)
    engine.leave("left")
    assert engine.view().journal_events == len(types(world))


def test_what_was_printed_before_is_shown_after_resuming(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt of an earlier process has the output that the journal keeps, not none."""
    engine = world.begin()
    confirm(engine, "first")
    wait_state(engine, "first", StepState.SUCCEEDED)
    printed = {name: engine.output(name).stdout for name in engine.view().session.attempts}
    assert any(printed.values())
    engine.leave("left")
    resumed = world.resume(monkeypatch)
    assert {name: resumed.output(name).stdout for name in printed} == printed


def test_a_session_goes_on_at_the_exact_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Left and resumed, the session offers the same step with the values captured before."""
    engine = world.begin()
    confirm(engine, "first")
    wait_state(engine, "second", StepState.AWAITING_CONFIRMATION)
    engine.leave("left")
    resumed = world.resume(monkeypatch)
    confirm(resumed, "second")
    wait_state(resumed, "second", StepState.SUCCEEDED)
    assert len(world.effects()) == 3
