"""The scripts of the quorum runbook, killed after each of their commands in turn and then run again."""

import uuid
from collections.abc import Callable
from itertools import count

import pytest
from lab_child import LabChild
from restore_scripts import DATA, cut_short, on_all, probe, save, snapshot_of, start_and_see, step

from haops.lab.lab import Lab

pytestmark = pytest.mark.slow

HOST = "etcd1"
_MOST_COMMANDS = 200


def cut_everywhere(attempt: Callable[[int], bool]) -> int:
    """Cut a script after one command, after two, and so on until it comes to its end; return how often it was cut."""
    ended = next(after for after in count() if not attempt(after))
    assert 0 < ended < _MOST_COMMANDS
    return ended


def test_a_swap_that_was_killed_anywhere_is_finished_by_the_next_run(lab: LabChild) -> None:
    """Wherever it ends, both data directories are whole in one place each, and the next run puts the new one in."""
    lab.run(kill_swap_everywhere)


def kill_swap_everywhere(lab: Lab) -> None:
    """Swap directories that stand for data, with a new token each time."""
    on_all(lab, "stop")
    assert cut_everywhere(lambda after: _swap_after_cut(lab, after)) > 10


def _swap_after_cut(lab: Lab, after: int) -> bool:
    """Prepare a swap, cut it short, run it; return whether it was cut."""
    host, token = lab.host(HOST), f"etcd-{uuid.uuid4()}"
    for place, word in ((DATA, "old"), (f"{DATA}-new-{token}", "new")):
        made = f"rm -rf {place}/member; mkdir -p {place}/member/wal; echo {word} > {place}/member/wal/0.wal"
        host.run("sh", "-c", made).checked("make")
    was_cut = cut_short(lab, "swap", HOST, after=after, TOKEN=token)
    assert "1\n" in step(lab, "swap", HOST, TOKEN=token).checked(f"swap after {after} commands")
    words = [host.path(f"{place}/member/wal/0.wal").read_text() for place in (DATA, f"{DATA}-old-{token}")]
    assert words == ["new\n", "old\n"], after
    return was_cut


def test_a_restore_that_was_killed_anywhere_is_finished_by_the_next_run(lab: LabChild) -> None:
    """Stopping, configuring and preparing find what is done already, and the member starts from the restored data."""
    lab.run(kill_the_rest_everywhere)


def kill_the_rest_everywhere(lab: Lab) -> None:
    """Cut every step but the swap, each everywhere, then go through with it on all hosts."""
    token = save(lab)
    variables = {"TOKEN": token, "BUMP": "0", "SNAPSHOT": snapshot_of(token)}
    for step_id in ("stop", "configure", "prepare"):
        cut_everywhere(lambda after, it=step_id: _again_after_cut(lab, it, after, variables))  # type: ignore[misc]
        on_all(lab, step_id, **variables)
    on_all(lab, "swap", **variables)
    start_and_see(lab)


def _again_after_cut(lab: Lab, step_id: str, after: int, variables: dict[str, str]) -> bool:
    """Cut a step short and run it; return whether it was cut."""
    if step_id == "prepare":
        lab.host(HOST).run("sh", "-c", f"rm -rf {DATA}-new-* {DATA}-unfinished-*").checked("remove")
    was_cut = cut_short(lab, step_id, HOST, after=after, **variables)
    step(lab, step_id, HOST, **variables).checked(f"{step_id} after {after} commands")
    return was_cut


def test_a_revival_that_was_killed_anywhere_is_finished_by_the_next_run(lab: LabChild) -> None:
    """The flag that forces a new cluster is gone in the end, wherever reviving or stopping was cut."""
    lab.run(kill_revival_everywhere)


def kill_revival_everywhere(lab: Lab) -> None:
    """Cut reviving and what follows it."""
    on_all(lab, "stop")
    for step_id in ("revive", "stop-revived"):
        cut_everywhere(lambda after, it=step_id: _again_after_cut(lab, it, after, {}))  # type: ignore[misc]
        assert probe(lab, "revive", HOST).status == (step_id == "stop-revived")
    assert "--force-new-cluster" not in lab.host(HOST).ask("systemctl", "cat", "etcd").stdout
