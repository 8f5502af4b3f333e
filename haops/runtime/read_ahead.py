"""An inventory read by a process of its own while this one draws its first frame.

What checks an inventory takes as long to load as a screen does; a second core can do the one during the other. Owns
that process. Must never be needed: whatever goes wrong with it, the inventory is read here, and here it is said what is
wrong with the file.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from haops.core.inventory import Inventory
from haops.runtime import own_program

READ_WITHIN_S = 3.0


class ReadAhead:
    """An inventory file that is being read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = _started(path) if _is_worth_it() else None

    def inventory(self) -> Inventory:
        """Return the inventory. Raises InventoryError with every mistake, InputError if it cannot be read."""
        if self._reader is not None:
            with suppress(msgspec.DecodeError):
                return msgspec.msgpack.decode(_answer(self._reader), type=Inventory)
        from haops.runtime.inventories import load_inventory  # noqa: PLC0415 - this is what takes long to load

        return load_inventory(self._path)


def _is_worth_it() -> bool:
    """Whether there is a second core, and what checks an inventory is not loaded here already."""
    return len(os.sched_getaffinity(0)) > 1 and "haops.formats.inventory_yaml" not in sys.modules


def _started(path: Path) -> "subprocess.Popen[bytes] | None":
    """Have the file read; None if this machine starts no other process now."""
    with suppress(OSError):
        return subprocess.Popen(
            own_program.command(__name__, str(path)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=own_program.environment(),
        )
    return None


def _answer(reader: "subprocess.Popen[bytes]") -> bytes:
    """Return what the reader wrote, nothing if it failed or took too long, and end it."""
    with reader:
        try:
            return reader.communicate(timeout=READ_WITHIN_S)[0]
        except subprocess.TimeoutExpired:
            # It decodes to no inventory, and the file is then read here.
            return b""
        finally:
            reader.kill()


def _encoded(path: Path) -> bytes:
    """Return the inventory in a file as bytes for the process that asked."""
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415 - as above

    return msgspec.msgpack.encode(load_inventory(path))


if __name__ == "__main__":
    sys.stdout.buffer.write(_encoded(Path(sys.argv[1])))
