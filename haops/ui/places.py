"""Which bindings are active together: on each screen its own, those of what stands on it, and those of the app.

Owns how that is found in the classes themselves, so that nobody keeps a list. Must never be asked before the first
frame: it loads every screen.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator

from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from haops.ui import modals, screens

_HAOPS = "haops."


def places(app: type) -> Iterator[list[Binding]]:
    """Yield, for each screen and question of an app, every binding that is active there, each with one key."""
    for screen in _screens():
        own = [binding for made_of in (screen, *_widgets_on(screen)) for binding in _bindings(made_of)]
        # The toolkit asks the app for none while a question stands, but for those that hold always.
        of_app = (one for one in _bindings(app) if one.priority or not issubclass(screen, ModalScreen))
        yield [*own, *of_app]


def _screens() -> Iterator[type]:
    """Yield every class of a screen or a question in its folder."""
    for package in (modals, screens):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            yield from (one for one in _classes(module, Screen) if one.__module__ == found.name)


def _widgets_on(screen: type) -> Iterator[type]:
    """Yield what a screen may be made of: the widgets that its module names, or that of a class above."""
    for above in screen.__mro__:
        if above.__module__.startswith(_HAOPS):
            found = _classes(sys.modules[above.__module__], Widget)
            yield from (one for one in found if not issubclass(one, Screen))


def _classes(module: object, kind: type) -> Iterator[type]:
    """Yield the classes of a kind that a module names."""
    return (one for one in vars(module).values() if isinstance(one, type) and issubclass(one, kind))


def _bindings(made_of: type) -> list[Binding]:
    """Return the bindings of a class with those above it; the class below wins a key."""
    found: dict[str, Binding] = {}
    for above in reversed(made_of.__mro__):
        found |= {binding.key: binding for binding in Binding.make_bindings(vars(above).get("BINDINGS", ()))}
    return list(found.values())
