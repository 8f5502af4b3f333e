import re
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from paper_cluster import HOSTS, alone, cluster, seen
from paper_rehearsal import PaperRehearsal

from haops.core.capture import take_all
from haops.core.inventory import Inventory, Layout
from haops.core.observations import Picture
from haops.core.planning import StepPlan, fill_in, plan_step
from haops.core.risk import Risk
from haops.core.runbook import Effect, Option, Runbook
from haops.formats.runbook_lint import lint_runbook
from haops.runtime import library
from haops.steps import kinds, preview

FILE = Path(__file__).parents[2] / "runbooks/etcd-quorum-loss.yaml"
GIVEN = {
    "older_snapshot": "/old.db",
    "older_snapshot.present": True,
    "older_snapshot.verified": True,
    "older_snapshot.age_s": 3600,
    "older_snapshot.size_bytes": 1000,
}
NOT_GIVEN = {"older_snapshot.present": False}
RESTORING = ("live-survivor", "dead-survivor", "older-snapshot")
RAISED = 2_000_000_000
WAYS = ("start-majority", *RESTORING)
CHANGING = {
    "start-members",
    "copy-snapshot",
    "stop",
    "keep",
    "keep-elsewhere",
    "revive",
    "stop-revived",
    "copy-revived",
    "prepare",
    "configure",
    "swap",
    "start-etcd",
    "start-api",
    "start-controllers",
}


@pytest.fixture(scope="module")
def runbook() -> Runbook:
    """Return the runbook as it ships."""
    return library.load_runbook(str(FILE))


def begin(inventory: Inventory, way: str) -> Picture:
    """Return what is seen at the beginning when exactly this way is right."""
    return {
        "start-majority": seen(inventory, answering=["a"], intact=HOSTS),
        "live-survivor": seen(inventory, answering=["a"], intact=["a"]),
        "dead-survivor": seen(inventory, intact=["b"]),
        "older-snapshot": seen(inventory),
    }[way]


def rehearse(runbook: Runbook, inventory: Inventory, way: str) -> PaperRehearsal:
    """Walk one way through the runbook."""
    start = begin(inventory, way)
    left = {"live-survivor": ["a"], "dead-survivor": ["b"]}.get(way, [])
    silent = seen(inventory, intact=left)
    whole = {"answering": HOSTS, "intact": HOSTS, "healthy": True, "revision": RAISED}
    after = {
        "start-members": seen(inventory, **whole),
        "stop": silent,
        "stop-revived": silent,
        "start-etcd": seen(inventory, **whole),
        "start-api": seen(inventory, **whole, api=True),
    }
    values = dict(GIVEN if way == "older-snapshot" else NOT_GIVEN)
    rehearsal = PaperRehearsal(runbook, inventory, start, after, values)
    return rehearsal.walk({"way": way})


def scripts(runbook: Runbook) -> dict[str, str]:
    """Return every script of the runbook by step and layout."""
    found: dict[str, str] = {}
    for step in runbook.steps:
        for layout in Layout if step.kind in {"ssh", "local"} else ():
            found[f"{step.id} {layout}"] = kinds()[step.kind].script(step, cluster(layout))
    return found


def test_lint_has_nothing_to_say() -> None:
    """The runbook that ships has no mistake, and no advice is left to be taken."""
    assert lint_runbook(FILE.read_bytes(), str(FILE), library.vocabulary()) == ()


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_can_be_walked_in_both_layouts(runbook: Runbook, way: str, layout: Layout) -> None:
    """Every step of every way knows its hosts and values when its turn comes, and guards and verifications can hold."""
    rehearsal = rehearse(runbook, cluster(layout), way)
    assert "finish" in rehearsal.plans
    assert ("start-members" in rehearsal.plans) == (way == "start-majority")
    assert ("swap" in rehearsal.plans) == (way in RESTORING)


@pytest.mark.parametrize("way", WAYS)
def test_without_api_servers_their_steps_are_skipped(runbook: Runbook, way: str) -> None:
    """A cluster of etcd alone is repaired by the same runbook: what concerns API servers is skipped, not failed."""
    rehearsal = rehearse(runbook, cluster(Layout.SYSTEMD, with_api=False), way)
    assert {"start-api", "look-inside", "start-controllers"} <= set(rehearsal.skipped)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("way", WAYS)
def test_the_situation_opens_the_least_loss_first(runbook: Runbook, way: str, layout: Layout) -> None:
    """Taking the first open answer takes the way that loses least."""
    inventory = cluster(layout)
    rehearsal = PaperRehearsal(runbook, inventory, begin(inventory, way), {}, dict(GIVEN))
    options = _options(runbook)
    first = next(option for option in options if option.when is None or option.when.holds(rehearsal.knowledge().shared))
    assert first.value == way


def _options(runbook: Runbook) -> tuple[Option, ...]:
    return tuple(runbook.step("way").action)


def test_no_way_is_open_while_a_partition_hides_a_healthy_majority(runbook: Runbook) -> None:
    """All members answer but have no leader: nothing may be restored, because nothing is lost."""
    inventory = cluster(Layout.KUBEADM)
    picture = seen(inventory, answering=HOSTS, intact=HOSTS)
    known = {**PaperRehearsal(runbook, inventory, picture, {}).knowledge().shared, **NOT_GIVEN}
    assert [option.value for option in _options(runbook) if option.when and option.when.holds(known)] == []


def _open(runbook: Runbook, inventory: Inventory, picture: Picture) -> list[str]:
    """Return the answers that are open while no snapshot was given."""
    known = {**PaperRehearsal(runbook, inventory, picture, {}).knowledge().shared, **NOT_GIVEN}
    return [option.value for option in _options(runbook) if option.when and option.when.holds(known)]


def test_members_that_look_whole_but_do_not_start_leave_the_survivor_as_a_way(runbook: Runbook) -> None:
    """Files that are there may be damaged all the same: starting them comes first, but is not the only answer."""
    inventory = cluster(Layout.KUBEADM)
    picture = seen(inventory, answering=["a"], intact=HOSTS)
    assert _open(runbook, inventory, picture) == ["start-majority", "live-survivor"]


def test_a_wiped_member_that_began_a_cluster_of_its_own_does_not_hide_the_loss(runbook: Runbook) -> None:
    """A first member of kubeadm that lost its data starts an empty cluster alone, and answers like a healthy one."""
    inventory = cluster(Layout.KUBEADM)
    picture = seen(inventory, answering=["a", "b"], intact=["a", "b"], clusters={"a": "9"})
    assert "live-survivor" in _open(runbook, inventory, picture)


def test_a_survivor_is_restored_alone_while_the_other_hosts_are_gone(runbook: Runbook) -> None:
    """The inventory has one member, which answers without a leader; the other hosts burned, new ones follow later."""
    inventory = alone(cluster(Layout.KUBEADM))
    assert _open(runbook, inventory, seen(inventory, answering=["a"], intact=["a"])) == ["live-survivor"]


@pytest.mark.parametrize("layout", Layout)
def test_the_restore_of_a_single_survivor_can_be_walked(runbook: Runbook, layout: Layout) -> None:
    """No step waits for hosts that are gone, and no guard calls the only member a majority that is whole."""
    inventory = alone(cluster(layout))
    start, silent = seen(inventory, answering=["a"], intact=["a"]), seen(inventory, intact=["a"])
    whole = {"answering": ["a"], "intact": ["a"], "healthy": True, "revision": RAISED}
    served = seen(inventory, **whole, api=bool(inventory.kubernetes))
    after = {"stop": silent, "start-etcd": seen(inventory, **whole), "start-api": served}
    rehearsal = PaperRehearsal(runbook, inventory, start, after, dict(NOT_GIVEN)).walk({"way": "live-survivor"})
    assert {"swap", "finish"} <= set(rehearsal.plans)


def test_one_dead_member_alone_needs_no_copies_elsewhere(runbook: Runbook) -> None:
    """With one member in the inventory there is no other host to keep a copy on."""
    inventory = alone(cluster(Layout.KUBEADM))
    known = PaperRehearsal(runbook, inventory, seen(inventory), {}, {"way": "dead-survivor"}).knowledge()
    keep_elsewhere = runbook.step("keep-elsewhere").when
    assert keep_elsewhere is not None
    assert keep_elsewhere.holds(known.shared) is False


@pytest.mark.parametrize("way", WAYS)
def test_a_member_that_refuses_who_asks_is_not_called_dead(runbook: Runbook, way: str) -> None:
    """It may be healthy: nothing of it is started anew, and no dead data is preferred to its own."""
    inventory = cluster(Layout.SYSTEMD)
    picture = seen(inventory, intact=["a"], unasked=["a"])
    assert "dead-survivor" not in _open(runbook, inventory, picture)
    known = PaperRehearsal(runbook, inventory, picture, {}, {"way": way}).knowledge()
    assert any(not guard.that.holds(known.on("a")) for guard in runbook.step("start-members").guards)


def test_members_of_two_clusters_have_no_newest(runbook: Runbook) -> None:
    """Which of them is right is not told by a revision: a person takes the wrong one away first."""
    inventory = cluster(Layout.SYSTEMD)
    picture = seen(inventory, answering=["a", "b"], clusters={"b": "9"})
    known = PaperRehearsal(runbook, inventory, picture, {}).knowledge().shared
    assert any(guard.that.holds(known) is False for guard in runbook.step("survivor-snapshot").guards)


def test_every_answer_says_what_is_lost(runbook: Runbook) -> None:
    """Before a way is chosen its loss is stated, for the older snapshot with its age."""
    losses = {option.value: fill_in(option.loses, GIVEN) for option in _options(runbook)}
    assert losses["start-majority"].startswith("nothing")
    assert "3600 seconds" in losses["older-snapshot"]
    assert all(losses.values())


def test_the_survivor_is_saved_before_anything_is_stopped(runbook: Runbook) -> None:
    """A member stopped without a quorum never serves again: its snapshot comes first, and a guard says so."""
    assert "survivor-snapshot" in runbook.step("stop").needs
    rehearsal = rehearse(runbook, cluster(Layout.KUBEADM), "live-survivor")
    ran = list(rehearsal.plans)
    assert ran.index("survivor-snapshot") < min(ran.index(step) for step in CHANGING & set(ran))


@pytest.mark.parametrize(
    ("step_id", "guard"),
    [
        ("swap", "api.answering == 0"),
        ("swap", "etcd.members_answering == 0"),
        ("revive", "etcd.members_answering == 0"),
        ("stop", "host.reachable"),
    ],
)
def test_what_would_ruin_the_data_cannot_be_overridden(runbook: Runbook, step_id: str, guard: str) -> None:
    """No data is replaced under a running API server or member, whoever asks for it."""
    guards = {found.that.text: found for found in runbook.step(step_id).guards}
    assert not guards[guard].overridable


@pytest.mark.parametrize(
    ("way", "picture"),
    [
        ("older-snapshot", {"answering": ["a"], "intact": ["a"]}),
        ("older-snapshot", {"intact": ["a"]}),
        ("older-snapshot", {"unseen": ["a"]}),
        ("older-snapshot", {"unasked": ["a"]}),
        ("dead-survivor", {"intact": ["a", "b"]}),
        ("dead-survivor", {"intact": ["a"], "unseen": ["b"]}),
        ("dead-survivor", {"intact": ["a"], "unasked": ["b"]}),
        ("live-survivor", {"answering": ["a"], "intact": ["a"], "unseen": ["b"]}),
        ("live-survivor", {"answering": ["a", "b"], "healthy": True}),
        ("live-survivor", {"answering": ["a", "b"], "healthy": True, "alarm": "alarm:NOSPACE"}),
        ("live-survivor", {"answering": ["a"], "intact": ["a"], "known": 5}),
    ],
)
def test_stopping_is_guarded_while_something_newer_is_left(runbook: Runbook, way: str, picture: dict[str, Any]) -> None:
    """Whoever passes over newer data, or over what may be, must type a reason first."""
    inventory = cluster(Layout.KUBEADM)
    rehearsal = PaperRehearsal(runbook, inventory, seen(inventory, **picture), {}, {"way": way, **GIVEN})
    known = rehearsal.knowledge()
    closed = [guard for guard in runbook.step("stop").guards if not guard.that.holds(known.on("a"))]
    assert closed
    assert all(guard.because for guard in closed)


def test_stopping_can_be_tried_again_on_the_hosts_that_are_left(runbook: Runbook) -> None:
    """Once the survivor is stopped it says nothing more; what it said before was enough."""
    inventory = cluster(Layout.KUBEADM)
    known = PaperRehearsal(runbook, inventory, seen(inventory, intact=["a"]), {}, {"way": "live-survivor"}).knowledge()
    assert all(guard.that.holds(known.on("a")) for guard in runbook.step("stop").guards)


def test_every_member_gets_the_same_fresh_token_and_raised_revisions(runbook: Runbook) -> None:
    """One token and one bump reach all hosts of a restore, in preparing, configuring and swapping."""
    rehearsal = rehearse(runbook, cluster(Layout.SYSTEMD), "live-survivor")
    plans = [target for step in ("prepare", "configure", "swap") for target in rehearsal.plans[step].targets]
    assert {target.environment["TOKEN"] for target in plans} == {"etcd-token"}
    assert {target.environment["BUMP"] for target in rehearsal.plans["prepare"].targets} == {"1000000000"}


def test_revisions_are_raised_by_what_was_seen_before_anything_stopped(runbook: Runbook) -> None:
    """Members restored with different revisions would hold different data, and the highest is forgotten in between."""
    inventory = cluster(Layout.SYSTEMD)
    start = seen(inventory, answering=["a"], intact=["a"], revision=RAISED)
    values = {**NOT_GIVEN, "way": "live-survivor"}
    rehearsal = PaperRehearsal(runbook, inventory, start, {}, values)
    (token,) = _plan(rehearsal, "token").targets
    assert token.environment["BUMP"] == str(RAISED * 12 // 10)
    captures = take_all(runbook.step("token").captures, f"etcd-{uuid.uuid4()}", token.environment)
    later = PaperRehearsal(runbook, inventory, seen(inventory, intact=["a"]), {}, {**values, **captures})
    assert {target.environment["BUMP"] for target in _plan(later, "prepare").targets} == {token.environment["BUMP"]}


def _plan(rehearsal: PaperRehearsal, step_id: str) -> StepPlan:
    step = rehearsal.runbook.step(step_id)
    return plan_step(step, rehearsal.inventory, rehearsal.knowledge(), preview, session_id="s")


def test_restored_members_hold_equal_data_before_an_api_server_starts(runbook: Runbook) -> None:
    """The first write of an API server ends every other way back."""
    inventory = cluster(Layout.SYSTEMD)
    apart = seen(inventory, answering=HOSTS, intact=HOSTS, healthy=True, revision=RAISED, hashes={"a": 8})
    known = PaperRehearsal(runbook, inventory, apart, {}, {"snapshot_revision": 1, "revisions_added": 1}).knowledge()
    verify = runbook.step("start-etcd").verify
    assert verify is not None
    assert not verify.that.holds(known.shared)


@pytest.mark.parametrize("way", ["start-majority", "live-survivor"])
def test_an_alarm_that_came_back_with_the_data_is_taken_away_before_the_api(runbook: Runbook, way: str) -> None:
    """A database that was full is full again: its members lead and agree, but take no write until there is room."""
    inventory = cluster(Layout.KUBEADM)
    full = {"answering": HOSTS, "intact": HOSTS, "healthy": True, "revision": RAISED}
    raised = seen(inventory, **full, alarm="memberID:1 alarm:NOSPACE")
    after = {
        "start-members": raised,
        "stop": seen(inventory, intact=["a"]),
        "start-etcd": raised,
        "make-room": seen(inventory, **full),
        "start-api": seen(inventory, **full, api=True),
    }
    rehearsal = PaperRehearsal(runbook, inventory, begin(inventory, way), after, dict(NOT_GIVEN)).walk({"way": way})
    ran = list(rehearsal.plans)
    assert ran.index("make-room") < ran.index("start-api")


def test_members_are_started_one_after_the_other(runbook: Runbook) -> None:
    """Members of kubeadm that start together wait for each other's hashes, 7 s per peer."""
    for step_id in ("start-members", "start-etcd"):
        selector = runbook.step(step_id).on
        assert selector is not None
        assert selector.spread == "serial"


def test_every_step_says_what_it_needs_to(runbook: Runbook) -> None:
    """Each step that changes something has a reason, an effect that resuming can rely on, a timeout and an estimate."""
    changing = [step for step in runbook.steps if step.risk is not Risk.READ]
    assert {step.id for step in changing} == CHANGING
    for step in changing:
        assert step.effect in {Effect.IDEMPOTENT, Effect.VERIFIED}, step.id
        assert step.rollback or step.irreversible, step.id
        assert step.estimate_s, step.id


def test_scripts_hold_no_addresses_and_no_expressions(runbook: Runbook) -> None:
    """Values reach scripts as variables only; a script fits any cluster of its layout."""
    for name, script in scripts(runbook).items():
        assert set(re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", script)) <= {"127.0.0.1"}, name
        assert "{{" not in script, name


def test_scripts_never_delete_data(runbook: Runbook) -> None:
    """Old data is moved aside, never removed; the one thing that a script removes is the drop-in that it wrote."""
    for name, script in scripts(runbook).items():
        removed = re.findall(r"^\s*rm\b.*$", script, re.MULTILINE)
        assert all("99-haops-force-new-cluster.conf" in line for line in removed), name


def test_scripts_stop_at_the_first_mistake(runbook: Runbook) -> None:
    """No line runs after one that failed."""
    for name, script in scripts(runbook).items():
        if not name.startswith("token"):
            assert script.startswith("set -eu\n"), name


@pytest.mark.parametrize("layout", Layout)
def test_scripts_are_portable_shell(runbook: Runbook, layout: Layout, tmp_path: Path) -> None:
    """Every script is POSIX shell; where shellcheck is installed it has nothing to say either."""
    for name, script in scripts(runbook).items():
        if not name.endswith(layout):
            continue
        path = tmp_path / f"{name.replace(' ', '.')}.sh"
        path.write_text(script)
        subprocess.run(["sh", "-n", str(path)], check=True)
    if shutil.which("shellcheck"):
        found = subprocess.run(
            ["shellcheck", "--shell=sh", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
        )
        assert not found.stdout
