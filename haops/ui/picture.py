"""Pictures of the screen as SVG files that need no network to be looked at."""

import re
from pathlib import Path

from haops.errors import HaopsError

# The toolkit's pictures link their font from a public server: a bastion has no way there.
_FONT_FACE = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)


def without_fonts(svg: str) -> str:
    """Return the picture without links to fonts on other machines."""
    return _FONT_FACE.sub("", svg)


def write_picture(svg: str, file: Path) -> None:
    """Write a picture. Raises HaopsError if the file cannot be written."""
    try:
        file.write_text(without_fonts(svg), encoding="utf-8")
    except OSError as error:
        raise HaopsError(
            f"the picture cannot be written: {error.strerror}", where=str(file), remedy="another directory"
        ) from None
