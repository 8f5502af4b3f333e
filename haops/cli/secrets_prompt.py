"""Asking for a passphrase or a password on the terminal, without showing it. Must never keep what was typed."""

import getpass
import sys
import time
from typing import TYPE_CHECKING

from haops.core.text import visible

if TYPE_CHECKING:
    from haops.connectors.secrets import SecretQuestion
    from haops.ui.app import HaopsApp

# A connection may ask before the screen is drawn; one that never comes must not be waited for.
_SCREEN_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.02


def ask_secret(question: "SecretQuestion") -> str | None:
    """Ask once; None without a terminal, or when nothing is typed."""
    if not sys.stdin.isatty():
        return None
    try:
        # Nothing shows while one types, and the way out is no key that one would try.
        asked = f"{question.kind.value} of {visible(question.subject)} (not shown; enter alone: go on without it): "
        if question.was_refused:
            asked = f"the last answer was refused. {asked}"
        return getpass.getpass(asked) or None
    except EOFError:
        return None


class PromptBesideScreen:
    """Asks on the terminal; a screen that stands there steps aside for as long as the question takes."""

    def __init__(self) -> None:
        self._app: HaopsApp | None = None

    def attach(self, app: "HaopsApp") -> None:
        """Say which screen has the terminal from now on."""
        self._app = app

    def __call__(self, question: "SecretQuestion") -> str | None:
        """Ask from any thread; None if nobody answers, or if the screen is gone."""
        app = self._app
        if app is None:
            return ask_secret(question)
        deadline = time.monotonic() + _SCREEN_WITHIN_S
        while not app.is_running:
            if time.monotonic() > deadline:
                return None
            time.sleep(_LOOK_EVERY_S)
        try:
            return app.call_from_thread(_ask_aside, app, question)
        # Textual's word for an app that has ended meanwhile.
        except RuntimeError:
            return None


def _ask_aside(app: "HaopsApp", question: "SecretQuestion") -> str | None:
    """Give the terminal back, ask, and take it again."""
    with app.suspend():
        return ask_secret(question)
