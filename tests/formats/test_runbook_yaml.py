import hashlib
from pathlib import Path

import pytest
from runbook_words import words

from haops.core.conditions import parse_condition
from haops.core.risk import Risk
from haops.core.runbook import Capture, Effect, Option, Runbook, Spread, Step
from haops.errors import RunbookError
from haops.formats.runbook_yaml import parse_runbook

EXAMPLE = Path(__file__).with_name("quorum.yaml")
HEAD = "apiVersion: haops/v1\nkind: Runbook\nname: x\ntitle: X\nsteps:\n"


@pytest.fixture(scope="module")
def runbook() -> Runbook:
    """Return the example."""
    return parse_runbook(EXAMPLE.read_bytes(), "quorum.yaml", words())


def parse_step(text: str) -> Step:
    """Return a step with these fields beside its id and title."""
    body = "".join(f"    {line}\n" for line in text.splitlines())
    content = f"{HEAD}  - id: look\n    title: Look\n    check: [etcd.members]\n  - id: it\n    title: It\n{body}"
    return parse_runbook(content.encode(), "x.yaml", words()).step("it")


def test_a_runbook_keeps_what_its_head_says(runbook: Runbook) -> None:
    """Name, title, folded summary, signals, inputs, objectives and what must hold at the end arrive as values."""
    assert (runbook.name, runbook.title) == ("etcd-quorum-loss", "etcd has lost its quorum")
    assert runbook.summary == "Fewer than a majority of members answer."
    assert runbook.signals_for == ("etcd-quorum-lost",)
    assert runbook.signals_against == ("hosts-partitioned",)
    wanted = runbook.inputs[0]
    assert (wanted.name, wanted.type, wanted.optional) == ("older_snapshot", "path", True)
    assert runbook.objectives == {"rto": 3600.0, "lost_writes": 0.0}
    assert [condition.text for condition in runbook.done][1] == "etcd.cluster_ids == 1"


def test_the_digest_is_that_of_the_file(runbook: Runbook) -> None:
    """What was read can be told from what was read at another time."""
    assert runbook.digest == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert runbook.text == EXAMPLE.read_text(encoding="utf-8")
    assert runbook.source == "quorum.yaml"


def test_a_step_keeps_everything_that_it_says(runbook: Runbook) -> None:
    """Every field of a step arrives in the core's own form: seconds, expressions, enums."""
    step = runbook.step("survivor-snapshot")
    assert step.kind == "ssh"
    assert "etcdctl snapshot save" in step.action
    assert step.needs == ("way",)
    assert step.when == parse_condition('way == "live-survivor"')
    assert step.on is not None
    assert (step.on.roles, step.on.spread, step.on.one) == (("etcd",), Spread.ONE, None)
    assert (step.risk, step.effect) == (Risk.READ, Effect.READ)
    assert step.environment == {"TAG": parse_condition('"fast"'), "COUNT": parse_condition("3")}
    assert step.guards[0].that.text == "host.free_bytes > 2 * etcd.size_bytes"
    assert (step.timeout_s, step.estimate_s) == (600.0, 5.0)
    assert step.captures[1] == Capture(name="snapshot_revision", type="integer", json="/revision")
    assert step.verify is not None
    assert (step.verify.every_s, step.verify.within_s) == (1.0, 5.0)
    assert step.line == EXAMPLE.read_text(encoding="utf-8").splitlines().index("  - id: survivor-snapshot") + 1


def test_how_a_step_goes_over_hosts(runbook: Runbook) -> None:
    """`each: serial` and `batch: 2` are ways to go over the hosts."""
    serial, batch = runbook.step("stop-api").on, runbook.step("start-api").on
    assert serial is not None
    assert batch is not None
    assert serial.spread is Spread.SERIAL
    assert (batch.spread, batch.batch_size) == (Spread.BATCH, 2)


def test_one_host_can_be_named_by_an_expression() -> None:
    """`one` takes an expression that gives a host's name; without any, all hosts run at once."""
    step = parse_step("on: {role: [etcd, worker], one: '\"cp\" + \"1\"'}\nssh: 'true'")
    assert step.on.one.evaluate({}) == "cp1"
    assert step.on.roles == ("etcd", "worker")
    assert parse_step("on: {zone: a}\nssh: 'true'").on.spread is Spread.PARALLEL


def test_a_decision_keeps_its_answers(runbook: Runbook) -> None:
    """The answers of a choose step are options with their conditions and losses."""
    offered = runbook.step("way").action
    assert all(isinstance(option, Option) for option in offered)
    assert [option.value for option in offered] == ["live-survivor", "older-snapshot"]
    assert offered[1].loses == "all after {older_snapshot}"


def test_scripts_may_differ_by_layout(runbook: Runbook) -> None:
    """A script can be written once for each layout."""
    assert runbook.step("stop-api").action.systemd == "systemctl stop kube-apiserver"


def test_a_condition_may_stand_for_its_long_form() -> None:
    """A guard and a verification can be written as a condition alone, a list of one as its element."""
    step = parse_step("guard: etcd.quorum > 1\nverify: etcd.quorum > 2\nexpect: {exit: 3}\nlocal: 'true'")
    assert step.guards[0].that.text == "etcd.quorum > 1"
    assert step.guards[0].overridable
    assert step.verify.that.text == "etcd.quorum > 2"
    assert step.expect.exit == (3,)


def test_what_a_step_leaves_out_follows_from_its_kind() -> None:
    """Without a risk the kind's holds; what changes something and says no more is unprotected."""
    step = parse_step("local: 'true'")
    assert (step.risk, step.effect, step.timeout_s) == (Risk.CHANGE, Effect.UNPROTECTED, 60.0)


@pytest.mark.parametrize(
    ("written", "seconds"), [("500ms", 0.5), ("5s", 5.0), ("10m", 600.0), ("1h", 3600.0), ("1.5s", 1.5)]
)
def test_durations_have_units(written: str, seconds: float) -> None:
    """A duration is a number with ms, s, m or h; its value is in seconds."""
    assert parse_step(f"timeout: {written}\nlocal: 'true'").timeout_s == seconds


def test_what_may_be_tried_again_by_itself() -> None:
    """A step that only reads, and one that is idempotent, may be tried again."""
    assert parse_step("check: [etcd.members]\nretry: 3").retries == 3
    assert parse_step("local: x\neffect: idempotent\nretry: 2").retries == 2


def test_a_path_input_makes_its_file_known() -> None:
    """Of an input of type path, conditions can read whether the file is there, its size, its age, its checksum."""
    content = HEAD.replace("steps:", "inputs: {snap: {type: path, optional: true}}\nsteps:") + (
        "  - id: look\n    title: Look\n    when: snap.present and snap.verified and snap.age_s < snap.size_bytes\n"
        "    check: [etcd.members]\n"
    )
    assert parse_runbook(content.encode(), "x.yaml", words()).steps[0].when is not None


def test_a_way_back_may_read_what_its_step_found_out() -> None:
    """A rollback runs after the step that it undoes, so it may read that step's captures without needing it."""
    content = HEAD + (
        "  - id: act\n    title: Act\n    capture: {old_name: {regex: (.*), type: text}}\n    rollback: back\n"
        "    local: 'true'\n"
        "  - id: back\n    title: Back\n    env: {NAME: old_name}\n    local: 'true'\n"
    )
    assert parse_runbook(content.encode(), "x.yaml", words()).step("back").environment["NAME"].text == "old_name"


def test_an_empty_file_is_one_clear_mistake() -> None:
    """A file without anything in it says so."""
    with pytest.raises(RunbookError, match="the file is empty") as caught:
        parse_runbook(b"", "x.yaml", words())
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("content", [b"- a\n- b\n", b"just text\n", b"12\n", b"steps: 3\n", b"steps: [1, a, [x]]\n"])
def test_a_file_of_another_shape_is_refused_without_failing(content: bytes) -> None:
    """A list, a text, a number where a mapping is meant: problems with places, never a crash."""
    with pytest.raises(RunbookError) as caught:
        parse_runbook(content, "x.yaml", words())
    assert caught.value.problems
