"""What a person can set about the screen. Owns the values; `cli` fills them from files and environment."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_THEME = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """Settings of the screen; every one has a default that works.

    `theme` is a name or the path of a theme file; `theme_directory` is looked in before the user's own and the packaged
    themes (`runtime.paths`). `keymap_file` maps action ids to keys.
    `pictures_directory` is where pictures of the screen are written. `reading_time_s`: a change is not confirmed by a
    key that came sooner than this after the question. `animations`: off over SSH.
    """

    theme: str = DEFAULT_THEME
    theme_directory: Path | None = None
    keymap_file: Path | None = None
    pictures_directory: Path = Path()
    reading_time_s: float = 0.3
    animations: bool = False
