"""Inventories from files, and from the journals that kept their text.

Owns reading them. Must never load what only runbooks need: a session looks at its cluster before it reads any.
"""

from pathlib import Path

from haops.core.inventory import Inventory
from haops.formats.inventory_yaml import parse_inventory
from haops.runtime.paths import read_input


def load_inventory(path: str | Path) -> Inventory:
    """Return the inventory in a file. Raises InventoryError with every mistake, InputError if it cannot be read."""
    return parse_inventory(read_input(Path(path)), str(Path(path).absolute()), home=str(Path.home()))


def parse_inventory_text(text: str, source: str) -> Inventory:
    """Return the inventory whose text a journal kept; `source` is where it was read, for relative paths."""
    return parse_inventory(text.encode(), source, home=str(Path.home()))
