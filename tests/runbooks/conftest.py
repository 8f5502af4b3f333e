"""A lab with something in it to be restored."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child
from restore_scripts import write_a_key


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabChild]:
    """Yield a healthy lab with one key written."""
    with lab_child("etcd", tmp_path / "lab") as child:
        child.run(write_a_key)
        yield child
