"""What a lab host says of itself in the API, without one."""

import platform

import pytest

from haops.lab.agent.node import node_fields, node_object


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("riscv64", "riscv64")])
def test_a_node_says_what_machine_it_is_on(machine: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Label and status name the processor as Kubernetes does, whichever it is."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert node_object("cp1")["metadata"]["labels"]["kubernetes.io/arch"] == name
    assert node_fields()["architecture"] == name
