"""What lies in the etcd data directory of each host, looked at over SSH: what can be started, what can be restored.

Must never open a database in place, nor leave anything on the host.
"""

from collections.abc import Mapping

from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import EtcdAccess, Inventory
from haops.core.observations import EtcdData, Kind, Observation
from haops.errors import RemoteFailed
from haops.observers.host_script import pairs, required, run
from haops.observers.observer import look

_SCRIPT = "etcd_data_directory.sh"
_ALWAYS = ("intact", "running", "size_bytes", "wal_files", "modified_at_s", "free_bytes")


class EtcdDataDirectories:
    """One script per etcd host, only when asked: it may copy a database to read its revision.

    That revision is what the database holds. A member that was killed has more in its log: it is a lower bound.
    """

    name = Kind.ETCD_DATA.value
    interval_s = 0.0

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return the names of the hosts that have an etcd member."""
        return tuple(dict.fromkeys(member.host for member in inventory.etcd.members)) if inventory.etcd else ()

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Return the observation of one host's data directory."""
        del thorough  # there is no cheaper look
        etcd = connections.inventory.etcd

        def measure() -> EtcdData:
            """Look at the directory once."""
            environment = _environment(etcd, timeout_s) if etcd else {}
            return _parse(run(connections.shell(group), _SCRIPT, environment, timeout_s=timeout_s).stdout)

        source = f"{group}:{etcd.data_directory}" if etcd else group
        return (look(Kind.ETCD_DATA, group, source=source, clock=clock, measure=measure),)


def _environment(etcd: EtcdAccess, timeout_s: float) -> Mapping[str, str]:
    """Return what the script is told. Copying and reading the database get a third of the time each."""
    return {
        "DATA_DIRECTORY": etcd.data_directory,
        "BACKUP_DIRECTORY": etcd.backup_directory,
        "ETCD_UNIT": etcd.unit,
        # A third for copying, a third for reading, and the rest for everything else.
        "REVISION_WITHIN_S": str(max(1, int(timeout_s / 3))),
    }


def _parse(output: bytes) -> EtcdData:
    """Return what the script said; RemoteFailed if it is not what the script says."""
    # Kept as lines, too: `backup` comes once for each file.
    lines = list(pairs(output))
    values = dict(lines)
    required(values, _ALWAYS)
    try:
        return EtcdData(
            intact=values["intact"] == "yes",
            running=values["running"] == "yes",
            size_bytes=int(values["size_bytes"]),
            wal_files=int(values["wal_files"]),
            modified_at_s=float(values["modified_at_s"]),
            free_bytes=int(values["free_bytes"]),
            revision=int(values["revision"]) if "revision" in values else None,
            etcdutl_version=values.get("etcdutl_version", ""),
            restore_can_bump=values.get("restore_can_bump") == "yes",
            backups=_newest_first([value for key, value in lines if key == "backup"]),
        )
    except ValueError:
        raise RemoteFailed("the host's answer has no numbers where numbers belong") from None


def _newest_first(backups: list[str]) -> tuple[str, ...]:
    """Return the paths from lines of "seconds path"; ValueError if one is something else."""
    dated = [(int(at_s), path) for at_s, _, path in (line.partition(" ") for line in backups)]
    return tuple(path for _, path in sorted(dated, reverse=True))
