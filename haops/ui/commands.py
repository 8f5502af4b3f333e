"""The command palette: every action by name, and the themes. Titles read `noun: verb`."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from haops.runtime.paths import shelves
from haops.ui.actions import ALL_ACTIONS, APP_ACTIONS, Action
from haops.ui.screens.session import SessionScreen

if TYPE_CHECKING:
    from haops.ui.personal import PersonalApp

_ITSELF = "app.palette"


class HaopsCommands(Provider):
    """What can be done on the screen below the palette."""

    async def discover(self) -> Hits:
        """Offer everything, before anything is typed."""
        async for title, help_text, run in self._commands():
            yield DiscoveryHit(title, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        async for title, help_text, run in self._commands():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=help_text)

    async def _commands(self) -> AsyncIterator[tuple[str, str, Callable[[], object]]]:
        """Yield title, explanation and what to call; titles are haops's own constants and file names of themes."""
        actions = ALL_ACTIONS if isinstance(self.screen, SessionScreen) else APP_ACTIONS
        for action in actions:
            if action.id != _ITSELF:
                yield action.title, action.explains, partial(self._run, action)
        app = cast("PersonalApp[object]", self.app)
        for name in theme_names(app):
            yield f"theme: {name}", "use these colours from now on", partial(app.take_theme, name)

    async def _run(self, action: Action) -> None:
        """Do it where its key would."""
        # Named, because the palette itself is the screen while it is open, and has none of these actions.
        place = self.app if action in APP_ACTIONS else self.screen
        await self.app.run_action(action.calls, place)


def theme_names(app: "PersonalApp[object]") -> Iterator[str]:
    """Yield the names of the themes that can be found, each once."""
    found = {
        path.stem: None
        for shelf in shelves("themes", app.settings.theme_directory)
        if shelf.is_dir()
        for path in sorted(shelf.glob("*.yaml"))
        # The palette reads its titles as markup: a name with brackets does not get there.
        if path.stem.replace("-", "").isalnum()
    }
    return iter(found)
