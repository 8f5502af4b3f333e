"""What the lab writes for its bastion, without a lab."""

import json
from pathlib import Path

from haops.lab.bastion_files import BastionFiles
from haops.lab.flavours.etcd import EtcdFlavour
from haops.lab.host_disk import HostDisk
from haops.lab.hosts import LabHost, address_of


def test_every_host_is_in_the_inventory(tmp_path: Path) -> None:
    """However many hosts there are, each is named with a zone."""
    names = [f"cp{number}" for number in range(1, 6)]
    hosts = [LabHost(name, address_of(n), HostDisk(tmp_path / name), {}) for n, name in enumerate(names)]
    files = BastionFiles(tmp_path)
    files.write_inventory("lab", EtcdFlavour(), hosts, {})
    written = json.loads(files.inventory.read_text())["hosts"]
    assert [host["name"] for host in written] == names
    assert [host["zone"] for host in written] == ["a", "b", "c", "a", "b"]
