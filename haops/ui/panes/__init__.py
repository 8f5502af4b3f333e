"""The panes of the session screen: one file each, found by itself.

To add a pane, write a module here that has `PANE = Pane(...)`. No pane knows a toolkit.
"""

import importlib
import pkgutil

from haops.ui.panes.pane import Pane, Place

__all__ = ["Pane", "Place", "all_panes"]

_BASE = "pane"


def all_panes() -> tuple[Pane, ...]:
    """Return every pane of this folder, in the order of their numbers."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name != _BASE]
    panes = [importlib.import_module(f"{__name__}.{name}").PANE for name in names]
    return tuple(sorted(panes, key=lambda pane: pane.number))
