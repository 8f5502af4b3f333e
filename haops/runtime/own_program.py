"""Parts of haops as processes of their own: the same haops as this one, whatever directory it is called in.

Owns how such a part is called. Must never start it: whoever does knows what it reads, writes and outlives.
"""

import os
import sys
from pathlib import Path

import haops

_SOURCES = Path(haops.__file__).parent.parent


def command(module: str, *arguments: str) -> list[str]:
    """Return the words that run a module of haops with these arguments."""
    # -P: no file of the current directory is taken for a module.
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment, and `more`, so that this haops is found and no other."""
    return os.environ | {"PYTHONPATH": str(_SOURCES)} | more
