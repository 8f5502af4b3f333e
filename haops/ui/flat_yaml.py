"""Flat settings files: lines of `name: value`, the plainest part of YAML, read without a YAML library.

The first frame waits for the theme, so reading it must cost nothing; and a file that can only be flat cannot be a trap.
Owns this form and its mistakes.
"""

import re
from pathlib import Path

from haops.errors import Problem, SettingsError

# Far more than a theme or a keymap has: a wrong file must not delay the first frame.
_MAX_BYTES = 65_536
# What YAML would read as an anchor, alias, tag, list or block is a mistake here, never a value.
_LINE = re.compile(r"""([\w.-]+):[ ]+(?:"([^"]*)"|'([^']*)'|([^\s"'#&*!|>%@`{}\[\]][^#]*?))[ \t]*(?:\#.*)?""")


def read_flat(file: Path) -> dict[str, str]:
    """Return name -> value. Raises SettingsError with the line of every mistake."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file cannot be read: {error}", where=str(file)) from None
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for number, written in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(written.rstrip())
        if found:
            values[found[1]] = found[2] or found[3] or found[4] or ""
        elif written.strip() and not written.lstrip().startswith("#"):
            # The example is quoted, as a colour has to be: behind a bare # YAML sees a comment.
            problems.append(Problem(str(file), number, 1, "not of the form `name: value`", 'as in `focus: "#7fb4ff"`'))
    if problems:
        raise SettingsError("the file has mistakes", where=str(file), problems=tuple(problems))
    return values
