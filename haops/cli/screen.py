"""Putting a session on the screen, and seeing to it that leaving the screen leaves the session in order.

Owns the settings that the screen gets from files and environment. Must never keep a session's state.
"""

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from haops.errors import EnvironmentLacks
from haops.runtime.paths import config_directory
from haops.ui.settings import DEFAULT_THEME, UiSettings

if TYPE_CHECKING:
    from haops.cli.secrets_prompt import PromptBesideScreen
    from haops.runtime.engine import Engine
    from haops.ui.presenters.timeline import Happened


def ui_settings(environment: Mapping[str, str] = os.environ) -> UiSettings:
    """Return the screen's settings: HAOPS_THEME, NO_COLOR, and files in the configuration directory."""
    theme = "monochrome" if environment.get("NO_COLOR") else environment.get("HAOPS_THEME", DEFAULT_THEME)
    keymap = config_directory() / "keymap.yaml"
    remote = "SSH_CONNECTION" in environment
    return UiSettings(
        theme=theme,
        theme_directory=config_directory() / "themes",
        keymap_file=keymap if keymap.is_file() else None,
        animations=not remote and environment.get("TEXTUAL_ANIMATIONS") != "none",
    )


def need_terminal(instead: str) -> None:
    """Raise EnvironmentLacks without a terminal to draw on."""
    # Textual draws on standard error.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise EnvironmentLacks("the screen needs a terminal", remedy=instead)


def _nothing() -> None:
    """Do nothing."""


def show_session(
    engine: "Engine",
    beside: Callable[[], None] | None = None,
    at_end: Callable[[], None] = _nothing,
    prompt: "PromptBesideScreen | None" = None,
) -> None:
    """Show a session until the operator leaves it.

    `beside` runs in a thread of its own while the screen stands; `at_end` is called before the session is left;
    `prompt` is who asks for passphrases, so that the screen can step aside.
    """
    from haops.runtime.ending import leaving_on_signals  # noqa: PLC0415 - after the first frame's own imports
    from haops.ui.app import HaopsApp  # noqa: PLC0415

    app = HaopsApp(live=engine, timeline=lambda: _timeline(engine), settings=ui_settings())
    if prompt is not None:
        prompt.attach(app)
    with leaving_on_signals(engine.leave):
        try:
            engine.start()
            if beside is not None:
                threading.Thread(target=beside, name="beside the screen", daemon=True).start()
            app.run()
        finally:
            at_end()
            engine.leave("left" if app.has_left else "the terminal went away")


def _timeline(engine: "Engine") -> "Sequence[Happened]":
    """Return the session's timeline as it is now."""
    from haops.cli.timeline import timeline_entries  # noqa: PLC0415 - only when it is looked at

    return timeline_entries(engine.view().journal_path)
