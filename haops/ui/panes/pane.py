"""What a pane is: a table made from a view, the kinds of observation it rests on, and what it says about itself."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from haops.core.observations import Kind
from haops.core.view import View
from haops.ui.presenters.freshness import freshness, sources
from haops.ui.presenters.lines import BLANK, Line, dim, line, strong
from haops.ui.presenters.tables import Table


class Place(StrEnum):
    """Where a pane stands when the terminal is large; in a small one it has the place of all."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


def _nothing(_view: View) -> Line:
    """Return no further words."""
    return BLANK


def names_api_servers(view: View) -> bool:
    """Return whether the inventory names any API server."""
    return view.inventory.kubernetes is not None and bool(view.inventory.kubernetes.endpoints)


def _always(_view: View) -> bool:
    """Return that there is something to ask."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One pane. `number` is its key, `share` its part of the width among those of its place.

    `source` says on the frame where it all comes from, `asked` says it in the help. `explains` is its help. `words`
    adds to the title what the table means, in words. `asks`: whether the inventory names anything to ask; without it no
    age is shown. `follows_cursor`: its rows can be chosen.
    """

    name: str
    number: int
    title: str
    place: Place
    share: int
    table: Callable[[View], Table]
    explains: str
    kinds: tuple[Kind, ...] = ()
    source: str | Callable[[View], str] = ""
    asked: str = ""
    words: Callable[[View], Line] = _nothing
    asks: Callable[[View], bool] = _always
    follows_cursor: bool = False

    def foot(self, view: View) -> Line:
        """Return where what is shown came from; if all of it came from one address, that."""
        found = sources(view, self.kinds)
        usual = self.source if isinstance(self.source, str) else self.source(view)
        return line(dim(found[0] if len(found) == 1 else usual))

    def heading(self, view: View) -> Line:
        """Return the title with the age of what is shown and its source."""
        head = line(strong(self.title))
        if self.kinds and self.asks(view):
            head = head + line(" ") + freshness(view, self.kinds).note
        words = self.words(view)
        extra = line(" ") + words if words.spans else BLANK
        return head + extra
