"""The shell script's side of quorum_restore.py: runs inside a lab, breaks it as the drill does, prints what was when.

    haops lab shell --lab NAME python tests/bench/quorum_restore_inside.py

Prints one JSON object: what the script reached -> seconds since the first fault.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from haops.core.inventory import Inventory
from haops.lab.attached import AttachedLab
from haops.lab.faults.active import ActiveFaults
from haops.lab.scenarios import find_scenario
from haops.lab.writer.remote import Writer
from haops.runtime.inventories import load_inventory

SCRIPT = Path(__file__).with_name("quorum_restore.sh")
WRITES_BEFORE = 30


def main() -> None:
    """Restore once."""
    inventory = load_inventory(os.environ["HAOPS_INVENTORY"])
    hosts = [host.name for host in inventory.with_role("etcd")]
    with tempfile.TemporaryDirectory() as place:
        # The drill's writer writes beside the script too, so that both restore under the same load.
        writer = Writer.start(Path(inventory.source), Path(place) / "writes.jsonl")
        try:
            writer.await_acknowledged(WRITES_BEFORE)
            print(json.dumps(_restore(inventory, hosts)))
        finally:
            writer.stop()


def _restore(inventory: Inventory, hosts: list[str]) -> dict[str, float]:
    """Have the script watch, break the cluster, and return when the script reached what."""
    script = subprocess.Popen(["sh", str(SCRIPT), *hosts], stdout=subprocess.PIPE, text=True)
    if script.stdout is None:
        raise RuntimeError("the script has no output")
    if script.stdout.readline() != "watching\n":
        raise RuntimeError("the script does not watch")
    began_s = time.monotonic()
    faults = ActiveFaults(AttachedLab(inventory))
    for injection in find_scenario().variant("survivor").injections(hosts, hosts[0]):
        faults.inject(injection)
    reached = {line.strip(): round(time.monotonic() - began_s, 3) for line in script.stdout}
    if script.wait() != 0:
        raise RuntimeError(f"the script ended with {script.returncode} after {reached}")
    return reached


if __name__ == "__main__":
    main()
