"""Theme files: colours for every role, as YAML, checked and handed to the toolkit.

Owns the format of `themes/*.yaml`. A theme that cannot be used is one warning and the fallback, never a crash.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from haops.errors import Problem, SettingsError
from haops.ui.flat_yaml import read_flat
from haops.ui.presenters.lines import Role

SURFACES = ("background", "surface", "panel", "cursor")
"""What text stands on: the screen, questions, header and key line, the row under the cursor."""
FRAMES = ("frame", "focus")
_PREFIX = "haops-"
FALLBACK: Mapping[str, str] = {
    **{f"{_PREFIX}{role}": "#ffffff" for role in Role},
    **{f"{_PREFIX}{name}": "#000000" for name in SURFACES},
    **{f"{_PREFIX}{name}": "#ffffff" for name in FRAMES},
}
"""White on black: what there is without a theme file."""


def load_theme(file: Path) -> Theme:
    """Read a theme. Raises SettingsError with every mistake of the file."""
    return theme_from(read_flat(file), file)


def theme_from(values: Mapping[str, str], file: Path) -> Theme:
    """Return the theme that the values describe. Raises SettingsError with every mistake."""
    names = [*SURFACES, *FRAMES, *Role]
    problems = [_problem(file, name, values.get(name)) for name in names if not _is_colour(values.get(name))]
    problems += [
        Problem(str(file), 0, 0, f"{name!r} is no colour of a theme", "see themes/dark.yaml for all names")
        for name in values
        if name not in (*names, "dark")
    ]
    if problems:
        raise SettingsError("the theme has mistakes", where=str(file), problems=tuple(problems))
    return _theme(file.stem, {name: values[name] for name in names}, dark=values.get("dark", "true") == "true")


def _theme(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    """Return the toolkit's theme: its own few colours, and ours as variables."""
    return Theme(
        # Prefixed, so that a file named like one of the toolkit's own themes does not replace that.
        name=f"{_PREFIX}{name}",
        primary=colours["focus"],
        foreground=colours["plain"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        error=colours["bad"],
        warning=colours["warn"],
        success=colours["good"],
        accent=colours["accent"],
        dark=dark,
        variables={f"{_PREFIX}{key}": value for key, value in colours.items()},
    )


def _is_colour(value: Any) -> bool:
    """Return whether a value is an opaque colour."""
    try:
        # What lets something through has a contrast that depends on what lies below.
        return isinstance(value, str) and Color.parse(value).a == 1
    except ColorParseError:
        return False


def _problem(file: Path, name: str, value: Any) -> Problem:
    """Return the mistake about one colour."""
    # No line is told, as the reader keeps none: the name is what can be looked for.
    message = f"{name} is missing" if value is None else f"{name}: {value!r} is not a colour"
    return Problem(str(file), 0, 0, message, 'write it as "#rrggbb"')
