"""The part of the app that a person may set: theme, keys, and where pictures go.

Owns how settings become colours and bindings; a setting that cannot be used is a warning, never an end. Must never know
a session.
"""

from typing import TypeVar

from textual.app import App

from haops.errors import HaopsError
from haops.runtime.paths import find_file
from haops.ui.keymap import load_keymap
from haops.ui.picture import write_picture
from haops.ui.presenters.notices import error_text
from haops.ui.settings import UiSettings
from haops.ui.themes import FALLBACK, load_theme

Result = TypeVar("Result")


class PersonalApp(App[Result]):
    """An app with a person's settings."""

    def __init__(self, settings: UiSettings | None = None) -> None:
        self.settings = settings or UiSettings()
        super().__init__()
        self.keymap: dict[str, str] = {}
        self.animation_level = "full" if self.settings.animations else "none"
        self.take_theme(self.settings.theme)

    def tell(self, severity: str, text: str) -> None:
        """Say something to the operator."""
        raise NotImplementedError

    def renew(self) -> None:
        """Draw what depends on the settings anew."""
        raise NotImplementedError

    @property
    def moment(self) -> int:
        """What tells two pictures of the same screen apart."""
        raise NotImplementedError

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that the style sheet needs, whatever the theme."""
        # The style sheet names these variables and cannot be parsed without them; no theme of the toolkit has them.
        return dict(FALLBACK)

    def take_theme(self, name: str) -> None:
        """Use a theme; one that cannot be used is a warning, and the colours stay as they are."""
        try:
            theme = load_theme(find_file(name, "themes", self.settings.theme_directory))
        except HaopsError as error:
            # Called while the app is being made: there is no screen yet to say it on.
            self.call_later(self.tell, "warning", error_text(error))
            return
        self.register_theme(theme)
        self.theme = theme.name

    def take_keymap(self) -> None:
        """Use the user's own keys; a bad keymap is a warning and the default keys."""
        file = self.settings.keymap_file
        if file is None or not file.is_file():
            return
        try:
            self.keymap = load_keymap(file, type(self))
        except HaopsError as error:
            self.tell("warning", error_text(error))
            return
        self.set_keymap(self.keymap)
        # What is drawn already names the default keys.
        self.renew()

    def action_picture(self) -> None:
        """Write what is on the screen to an SVG file that needs no network."""
        name = f"haops-{type(self.screen).__name__.lower()}-{self.moment}.svg"
        # In full: who looks for it later stands in another directory.
        file = self.settings.pictures_directory.absolute() / name
        try:
            write_picture(self.export_screenshot(title="haops"), file)
        except HaopsError as error:
            self.tell("warning", error_text(error))
            return
        self.tell("notice", f"The picture is in {file}")
