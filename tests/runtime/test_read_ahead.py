"""An inventory that is read in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haops.errors import InventoryError
from haops.runtime import read_ahead
from haops.runtime.inventories import load_inventory
from haops.runtime.read_ahead import ReadAhead
from tests.runtime.conftest import INVENTORY

pytestmark = pytest.mark.slow

BROKEN = INVENTORY.replace("systemd", "systemt").replace("h2,", "h1,")
IN_A_FRESH_PROCESS = """\
import sys
from pathlib import Path
import haops.runtime.sessions
from haops.runtime.read_ahead import ReadAhead
inventory = ReadAhead(Path(sys.argv[1])).inventory()
print(inventory.cluster, inventory.digest, "pydantic" in sys.modules)
"""
Read = Callable[[str], ReadAhead]


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Begin to read an inventory with this text, in a process of its own although everything is loaded here."""
    monkeypatch.setattr(read_ahead, "_is_worth_it", lambda: True)

    def begin(text: str) -> ReadAhead:
        file = tmp_path / "inventory.yaml"
        file.write_text(text)
        return ReadAhead(file)

    return begin


def test_it_is_the_inventory_that_would_be_read_here(reading: Read, tmp_path: Path) -> None:
    """Down to the digest and every default."""
    assert reading(INVENTORY).inventory() == load_inventory(tmp_path / "inventory.yaml")


def test_what_checks_inventories_is_not_loaded_here(tmp_path: Path) -> None:
    """That is what the other process is for."""
    file = tmp_path / "inventory.yaml"
    file.write_text(INVENTORY)
    command = [sys.executable, "-c", IN_A_FRESH_PROCESS, str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    if len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one core: it is read here")
    assert told.stdout.split() == ["fake", load_inventory(file).digest, "False"]


def test_mistakes_are_told_as_if_it_were_read_here(reading: Read) -> None:
    """Every one, with its place."""
    with pytest.raises(InventoryError) as refused:
        reading(BROKEN).inventory()
    assert [problem.line for problem in refused.value.problems] == [4, 7]


def test_a_reader_that_dies_is_done_without(reading: Read) -> None:
    """The file is read here."""
    begun = reading(INVENTORY)
    assert begun._reader is not None
    begun._reader.kill()
    assert begun.inventory().cluster == "fake"


def test_a_reader_that_hangs_is_ended_and_done_without(
    reading: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It holds nobody up for long, and does not stay behind."""
    monkeypatch.setattr(read_ahead, "READ_WITHIN_S", 0.1)
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    begun = reading(INVENTORY)
    assert begun.inventory().cluster == "fake"
    assert begun._reader is not None
    assert begun._reader.returncode is not None


def test_without_another_process_it_is_read_here(reading: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that starts none is no reason to fail."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert reading(INVENTORY).inventory().cluster == "fake"
