"""Static pods and `crictl` on a lab host behave as runbooks expect of a kubelet and its container runtime."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from lab_child import LabChild, lab_child
from waiting import until

from haops.lab.agent_client import Outcome
from haops.lab.flavours.control_plane import KUBELET_UNIT
from haops.lab.lab import Lab

pytestmark = pytest.mark.slow

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {pod}, namespace: kube-system}}
spec:
  containers:
  - name: {pod}
    image: lab.images/{pod}:1
    command: [sh, -c, "{script}"]
    env: [{{name: GREETING, value: hello}}]
"""
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """One lab whose first host runs static pods; each test has pods of its own."""
    with lab_child("etcd", tmp_path_factory.mktemp("lab")) as child:
        child.run(start_kubelet)
        yield child


def start_kubelet(lab: Lab) -> None:
    """Make the first host one with a kubelet."""
    lab.host("etcd1").disk.write("/etc/systemd/system/kubelet.service", KUBELET_UNIT)
    shell(lab, "mkdir -p /etc/kubernetes/manifests /etc/kubernetes/haops-parked").checked("mkdir")
    shell(lab, "systemctl daemon-reload && systemctl enable --now kubelet").checked("start kubelet")


def shell(lab: Lab, script: str) -> Outcome:
    """Run a script on the first host, as SSH would."""
    return lab.host("etcd1").run("sh", "-c", script)


def place(lab: Lab, pod: str, script: str = FOREVER, *, file: str = "") -> None:
    """Put a manifest into the kubelet's directory."""
    text = POD.format(pod=pod, script=script)
    lab.host("etcd1").disk.write(f"/etc/kubernetes/manifests/{file or f'{pod}.yaml'}", text)


def running(lab: Lab, pod: str) -> list[str]:
    """Ids of a pod's running containers, asked as a runbook asks."""
    asked = f"crictl ps -q --state Running --label io.kubernetes.container.name={pod}"
    return shell(lab, asked).checked(asked).split()


def wait_running(lab: Lab, pod: str) -> str:
    """Wait until one container of the pod runs; return its id."""
    until(lambda: len(running(lab, pod)) == 1)
    return running(lab, pod)[0]


def park_and_unpark(lab: Lab) -> tuple[str, list[str], str]:
    """Move a manifest away and back, as runbooks do."""
    place(lab, "parked")
    before = wait_running(lab, "parked")
    shell(lab, "mv /etc/kubernetes/manifests/parked.yaml /etc/kubernetes/haops-parked/").checked("park")
    until(lambda: not running(lab, "parked"))
    gone = running(lab, "parked")
    shell(lab, "mv /etc/kubernetes/haops-parked/parked.yaml /etc/kubernetes/manifests/").checked("unpark")
    return before, gone, wait_running(lab, "parked")


def test_a_manifest_moved_away_stops_its_pod(lab: LabChild) -> None:
    """Parking a manifest stops its container; moving it back starts a new one."""
    before, gone, after = lab.run(park_and_unpark)
    assert gone == []
    assert before != after


def stopped_by_hand(lab: Lab) -> tuple[str, str, str]:
    """Stop a container while its manifest is in place."""
    place(lab, "wanted")
    before = wait_running(lab, "wanted")
    said = shell(lab, f"crictl stop --timeout 2 {before}").checked("crictl stop")
    until(lambda: running(lab, "wanted") not in ([], [before]))
    return before, said.strip(), wait_running(lab, "wanted")


def test_a_container_stopped_by_hand_comes_back(lab: LabChild) -> None:
    """What dies while its manifest is in place is started again; crictl stop prints the id."""
    before, said, after = lab.run(stopped_by_hand)
    assert said == before != after


def kubelet_stopped(lab: Lab) -> tuple[str, str, str, list[str]]:
    """Stop the kubelet: its containers stay, and nobody restarts them."""
    place(lab, "left-alone")
    before = wait_running(lab, "left-alone")
    shell(lab, "systemctl stop kubelet").checked("stop kubelet")
    during = wait_running(lab, "left-alone")
    shell(lab, "systemctl start kubelet").checked("start kubelet")
    adopted = wait_running(lab, "left-alone")
    shell(lab, f"systemctl stop kubelet; crictl stop {adopted}").checked("stop both")
    time.sleep(1)  # longer than a scan: a restart would show by now
    left = running(lab, "left-alone")
    shell(lab, "systemctl start kubelet").checked("start kubelet")
    return before, during, adopted, left


def test_containers_outlive_their_kubelet(lab: LabChild) -> None:
    """Without a kubelet the containers go on, are taken over by the next one, and stay dead if they die meanwhile."""
    before, during, adopted, left = lab.run(kubelet_stopped)
    assert before == during == adopted
    assert left == []


def changed_manifest(lab: Lab) -> list[int]:
    """Edit a manifest in place; count running containers until the new one is there."""
    place(lab, "edited", "trap 'sleep 0.7; exit 0' TERM; while :; do sleep 0.05; done")
    before = wait_running(lab, "edited")
    place(lab, "edited")
    counts = []

    def replaced() -> bool:
        now = running(lab, "edited")
        counts.append(len(now))
        return bool(now) and now != [before]

    until(replaced)
    return counts


def test_an_edited_manifest_restarts_its_pod(lab: LabChild) -> None:
    """A change of content stops the old container before the new one starts; never do both run."""
    assert max(lab.run(changed_manifest)) == 1


def copies(lab: Lab) -> tuple[int, int]:
    """Leave a copy beside a manifest, and a hidden one."""
    place(lab, "copied")
    wait_running(lab, "copied")
    place(lab, "copied", file="copied.yaml.bak")
    place(lab, "hidden", file=".hidden.yaml")
    until(lambda: len(running(lab, "copied")) == 2)
    counts = len(running(lab, "copied")), len(running(lab, "hidden"))
    shell(lab, "rm /etc/kubernetes/manifests/copied.yaml.bak /etc/kubernetes/manifests/.hidden.yaml")
    return counts


def test_every_file_is_a_pod_but_hidden_ones(lab: LabChild) -> None:
    """A backup copy in the manifest directory runs as a second pod, as with a real kubelet; a dot file does not."""
    assert lab.run(copies) == (2, 0)


def half_written(lab: Lab) -> bool:
    """Write a manifest in two steps, with a pause in an invalid state."""
    lab.host("etcd1").disk.write("/etc/kubernetes/manifests/torn.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: [")
    time.sleep(0.5)  # longer than a scan: it has been seen
    place(lab, "torn")
    return bool(wait_running(lab, "torn"))


def test_a_half_written_manifest_is_passed_over(lab: LabChild) -> None:
    """What cannot be parsed stops nothing and runs as soon as it can be."""
    assert lab.run(half_written)


def back_off(lab: Lab) -> int:
    """Let a pod fail at once, for two seconds; return how often it was started."""
    place(lab, "failing", "exit 3")
    time.sleep(2)  # the time over which starts are counted
    listed = json.loads(shell(lab, "crictl ps -a -o json --name failing").stdout)["containers"]
    shell(lab, "rm /etc/kubernetes/manifests/failing.yaml")
    return max(int(one["metadata"]["attempt"]) for one in listed)


def test_what_keeps_dying_is_restarted_ever_more_slowly(lab: LabChild) -> None:
    """A pod that dies at once is not started over and over: at most a handful of times in two seconds."""
    assert 1 <= lab.run(back_off) <= 3


def shapes(lab: Lab) -> tuple[dict[str, Any], dict[str, Any], str, str]:
    """Read every kind of crictl's output about one container."""
    place(lab, "shown", f"echo $GREETING >&2; {FOREVER}")
    found = wait_running(lab, "shown")
    until(lambda: "hello" in shell(lab, f"crictl logs --tail 1 {found}").stderr)
    listed = json.loads(shell(lab, f"crictl ps --id {found} -o json").stdout)["containers"][0]
    inspected = json.loads(shell(lab, f"crictl inspect {found[:10]}").stdout)
    table = shell(lab, "crictl ps --name shown").stdout
    return listed, inspected, table, shell(lab, f"crictl exec {found} sh -c 'echo inside; exit 4'").stdout


def test_crictl_answers_in_crictls_shapes(lab: LabChild) -> None:
    """JSON, inspect, table and exec have the fields and columns that runbooks pick from."""
    listed, inspected, table, executed = lab.run(shapes)
    assert listed["metadata"] == {"name": "shown", "attempt": 0}
    assert listed["state"] == "CONTAINER_RUNNING"
    assert listed["labels"]["io.kubernetes.pod.name"] == "shown-etcd1"
    assert inspected["status"]["state"] == "CONTAINER_RUNNING"
    assert inspected["info"]["pid"] > 1
    columns = "CONTAINER IMAGE CREATED STATE NAME ATTEMPT POD ID POD NAMESPACE"
    assert " ".join(table.splitlines()[0].split()) == columns
    assert re.search(
        r" (Less than a second|\d+ seconds?) ago +Running +shown +0 +\w{13} +shown-etcd1 +kube-system$", table.strip()
    )
    assert executed == "inside\n"


def filters(lab: Lab) -> list[list[str]]:
    """Ask for one of two pods by label, by name, by both, and for one that is not there."""
    place(lab, "left")
    place(lab, "right")
    left, right = wait_running(lab, "left"), wait_running(lab, "right")
    label = "--label io.kubernetes.container.name"
    asked = (f"{label}=left", "--name right", f"{label}=left --name right", f"{label}=nobody")
    found = [shell(lab, f"crictl ps -q {words}").stdout.split() for words in asked]
    return [["left" if one == left else "right" if one == right else one for one in ids] for ids in found]


def test_crictl_picks_containers(lab: LabChild) -> None:
    """Labels and names pick the containers that have them, and no others."""
    assert lab.run(filters) == [["left"], ["right"], [], []]


def strangers(lab: Lab) -> list[tuple[int, bool]]:
    """Ask for containers that are not there."""
    answers = [shell(lab, f"crictl {words}") for words in ("inspect nothing", "stop nothing", "logs nothing")]
    return [(answer.status, "NotFound" in answer.stderr) for answer in answers]


def test_unknown_containers_are_said_to_be(lab: LabChild) -> None:
    """A container that is not there is an error, in crictl's words."""
    assert lab.run(strangers) == [(1, True)] * 3


def executions(lab: Lab) -> list[tuple[int, str, str]]:
    """Run commands in a container, named by its id or picked by filters."""
    place(lab, "inner")
    found = wait_running(lab, "inner")
    asked = (
        f"exec --timeout 5 {found} echo by id",
        "exec -q --name ^inner$ --state running echo by name",
        f"exec --sync {found} echo once",
        f"exec {found} sh -c 'exit 4'",
        f"exec -it {found} sh",
        f"exec --patience 5 {found} true",
        f"exec --timeout soon {found} true",
        f"exec {found} echo --timeout 5",
    )
    answers = [shell(lab, f"crictl {words}") for words in asked]
    return [(one.status, one.stdout.partition("NAME:")[0], one.stderr.replace(found, "ID")) for one in answers]


def test_crictl_exec_takes_the_flags_of_the_real_one(lab: LabChild) -> None:
    """Values of flags are no ids, filters stand for the id, and statuses and errors are crictl's own."""
    undefined, invalid = (
        "flag provided but not defined: -patience",
        'invalid value "soon" for flag -timeout: parse error',
    )
    assert lab.run(executions) == [
        (0, "by id\n", ""),
        (0, "by name\n", ""),
        (0, "once\n\n\n", ""),
        (1, "", "FATA[0000] execing command in container ID: command terminated with exit code 4\n"),
        (1, "", "FATA[0000] input is not a terminal\n"),
        (1, f"Incorrect Usage: {undefined}\n\n", f"FATA[0000] {undefined}\n"),
        (1, f"Incorrect Usage: {invalid}\n\n", f"FATA[0000] {invalid}\n"),
        (0, "--timeout 5\n", ""),
    ]


def command_lines(lab: Lab) -> list[tuple[int, str]]:
    """Ask in ways that crictl refuses, or takes otherwise than one may think."""
    place(lab, "asked")
    found = wait_running(lab, "asked")
    asked = (
        "ps -aq --state Borken",
        "ps --name '['",
        f"rm {found}",
        "stop",
        f"stop {found} --timeout 3",
        "--timeout 10 ps",
        "images-and-more",
    )
    answers = [shell(lab, f"crictl {words}") for words in asked]
    return [(one.status, one.stderr.replace(found, "ID").splitlines()[-1]) for one in answers]


def test_crictl_refuses_what_the_real_one_refuses(lab: LabChild) -> None:
    """A running container is removed by force only, flags stand before ids, and a wrong filter is an error."""
    not_found = 'rpc error: code = NotFound desc = an error occurred when try to find container "{}": not found'
    assert lab.run(command_lines) == [
        (1, "FATA[0000] listing containers: --state should be one of created, running, exited or unknown"),
        (1, "FATA[0000] listing containers: error parsing regexp: unterminated character set at position 0"),
        (1, 'FATA[0000] container "ID" is running, please stop it first'),
        (1, "you must specify at least one CONTAINER-ID or use --all"),
        (1, f"FATA[0000] {not_found.format('--timeout')}"),
        (1, 'FATA[0000] invalid value "10" for flag -timeout: parse error'),
        (3, "No help topic for 'images-and-more'"),
    ]
