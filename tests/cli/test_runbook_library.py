import os
from pathlib import Path

import pytest

from haops.errors import InputError, InventoryError
from haops.runtime.inventories import load_inventory, parse_inventory_text
from haops.runtime.library import load_runbook

INVENTORY = """\
apiVersion: haops/v1
kind: Inventory
cluster: prod
layout: systemd
hosts: [{name: cp1, address: 192.0.2.1, roles: [etcd]}]
etcd: {ca: pki/ca.crt, certificate: ~/c.crt, key: c.key}
"""
BOOK = "apiVersion: haops/v1\nkind: Runbook\nname: {name}\ntitle: X\nsteps:\n  - {{id: a, title: A, {action}}}\n"


def test_an_inventory_means_the_same_from_wherever_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paths are absolute, whether the file was named by a relative or an absolute path."""
    monkeypatch.setenv("HOME", "/home/me")
    (tmp_path / "i.yaml").write_text(INVENTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    inventory = load_inventory("i.yaml")
    assert inventory == load_inventory(tmp_path / "i.yaml")
    assert inventory.etcd is not None
    assert (inventory.etcd.ca, inventory.etcd.certificate) == (f"{tmp_path}/pki/ca.crt", "/home/me/c.crt")


def test_a_kept_inventory_is_the_one_that_was_read(tmp_path: Path) -> None:
    """From the text in a journal and the path it came from, the same inventory comes out."""
    path = tmp_path / "i.yaml"
    path.write_text(INVENTORY, encoding="utf-8")
    assert parse_inventory_text(INVENTORY, str(path)) == load_inventory(path)


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    """A missing inventory, and a directory in its place, say which and why."""
    with pytest.raises(InputError, match=r"nothing.yaml: it cannot be read: No such file"):
        load_inventory(tmp_path / "nothing.yaml")
    with pytest.raises(InputError, match="Is a directory"):
        load_inventory(tmp_path)


def test_an_inventory_with_mistakes_names_its_file(tmp_path: Path) -> None:
    """Every problem carries the path of the file."""
    path = tmp_path / "i.yaml"
    path.write_text("layout: x\n", encoding="utf-8")
    with pytest.raises(InventoryError) as caught:
        load_inventory(path)
    assert {problem.file for problem in caught.value.problems} == {str(path)}


def test_an_include_is_found_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in an include is from the including file, not from where haops was started."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(os.sep)
    (tmp_path / "outer.yaml").write_text(
        BOOK.format(name="outer", action="include: parts/inner.yaml"), encoding="utf-8"
    )
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "inner.yaml").write_text(BOOK.format(name="inner", action="manual: x"), encoding="utf-8")
    assert [step.id for step in load_runbook(str(tmp_path / "outer.yaml")).steps] == ["a.a"]


def test_an_include_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name in an include is looked up where runbooks are."""
    shelf = tmp_path / "haops" / "runbooks"
    shelf.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (shelf / "inner.yaml").write_text(BOOK.format(name="inner", action="manual: x"), encoding="utf-8")
    (tmp_path / "outer.yaml").write_text(BOOK.format(name="outer", action="include: inner"), encoding="utf-8")
    assert [step.id for step in load_runbook(str(tmp_path / "outer.yaml")).steps] == ["a.a"]
