"""The scripts of the quorum runbook, run on a lab's hosts as the engine would run them, one by one and all through."""

import uuid
from collections.abc import Mapping
from pathlib import Path

from waiting import until

from haops.core.standard_environment import standard_environment
from haops.lab.agent_client import Outcome
from haops.lab.lab import Lab
from haops.runtime import library
from haops.runtime.inventories import load_inventory
from haops.steps import kinds

FILE = Path(__file__).parents[2] / "runbooks/etcd-quorum-loss.yaml"
ALL = ("etcd1", "etcd2", "etcd3")
DATA = "/var/lib/etcd"
BACKUPS = "/var/backups/haops"


def step(lab: Lab, step_id: str, host: str, **variables: str) -> Outcome:
    """Run a step's script on a host as the engine would."""
    inventory = load_inventory(lab.inventory)
    action = library.load_runbook(str(FILE)).step(step_id)
    return _run(lab, host, kinds()[action.kind].script(action, inventory), variables)


def cut_short(lab: Lab, step_id: str, host: str, *, after: int, **variables: str) -> bool:
    """Run a step's script until so many commands have begun and kill it there; return whether it was cut."""
    inventory = load_inventory(lab.inventory)
    action = library.load_runbook(str(FILE)).step(step_id)
    text = _COUNT + kinds()[action.kind].script(action, inventory)
    return _run(lab, host, text, {**variables, "CUT_AFTER": str(after)}, interpreter="bash").status != 0


_COUNT = """\
set -T
count=0
trap 'count=$((count + 1)); [ "$count" -le "$CUT_AFTER" ] || kill -9 $$' DEBUG
"""


def probe(lab: Lab, step_id: str, host: str) -> Outcome:
    """Run a step's probe on a host as the engine would after an unknown outcome."""
    text = library.load_runbook(str(FILE)).step(step_id).probe
    assert text
    return _run(lab, host, text, {})


def _run(lab: Lab, host: str, script: str, variables: Mapping[str, str], *, interpreter: str = "sh") -> Outcome:
    """Run a script on a host with the variables that every script finds."""
    inventory = load_inventory(lab.inventory)
    own = {"HAOPS_ATTEMPT": uuid.uuid4().hex, "HAOPS_SESSION": "test", "WITHIN_S": "60"}
    environment = {**standard_environment(inventory, host), **own, **variables}
    pairs = [f"{name}={value}" for name, value in environment.items()]
    return lab.host(host).run("env", *pairs, interpreter, "-c", script)


def on_all(lab: Lab, step_id: str, **variables: str) -> None:
    """Run a step's script on every host; it must succeed."""
    for host in ALL:
        step(lab, step_id, host, **variables).checked(f"{step_id} on {host}")


def etcdctl(lab: Lab, host: str, *arguments: str) -> Outcome:
    """Run etcdctl on a host against its own member."""
    inventory = load_inventory(lab.inventory)
    pairs = [f"{name}={value}" for name, value in standard_environment(inventory, host).items()]
    return lab.host(host).run("env", *pairs, "etcdctl", "--command-timeout=1s", *arguments)


def log(lab: Lab, host: str) -> str:
    """Return what a member has printed."""
    return lab.host(host).ask("journalctl", "-u", "etcd", "-n", "100000").stdout


def healthy(lab: Lab) -> list[str]:
    """Return the hosts whose members take part in a quorum."""
    return [host for host in ALL if etcdctl(lab, host, "endpoint", "health").status == 0]


def write_a_key(lab: Lab) -> None:
    """Write what must be there after every restore."""
    until(lambda: healthy(lab) == list(ALL))
    etcdctl(lab, "etcd1", "put", "kept", "yes").checked("put")


def save(lab: Lab) -> str:
    """Take the survivor's snapshot and lay it on every host under the new token; return the token."""
    token = f"etcd-{uuid.uuid4()}"
    attempt = uuid.uuid4().hex
    step(lab, "survivor-snapshot", "etcd1", HAOPS_ATTEMPT=attempt).checked("snapshot")
    content = lab.host("etcd1").path(f"{BACKUPS}/survivor-{attempt}.db").read_bytes()
    for host in ALL:
        place = lab.host(host).path(f"{BACKUPS}/restore-{token}.db")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return token


def snapshot_of(token: str) -> str:
    """Return where a host has the snapshot that belongs to a token."""
    return f"{BACKUPS}/restore-{token}.db"


def ready_to_swap(lab: Lab) -> str:
    """Do everything before the swap; return the token."""
    token = save(lab)
    on_all(lab, "stop")
    on_all(lab, "prepare", TOKEN=token, BUMP="0", SNAPSHOT=snapshot_of(token))
    on_all(lab, "configure", TOKEN=token)
    return token


def start_and_see(lab: Lab) -> None:
    """Start every member and see that they agree on what was kept."""
    on_all(lab, "start-etcd")
    until(lambda: healthy(lab) == list(ALL))
    assert all(etcdctl(lab, host, "get", "kept", "--print-value-only").stdout == "yes\n" for host in ALL)


def restore(lab: Lab, *, times: int = 1) -> str:
    """Restore every member, each script so many times; return the token."""
    token = save(lab)
    snapshot = snapshot_of(token)
    for step_id in ("compare", "stop", "prepare", "configure", "swap"):
        for _ in range(times):
            on_all(lab, step_id, TOKEN=token, BUMP="0", SNAPSHOT=snapshot)
    start_and_see(lab)
    return token
