"""What there is to tell that is no event: refusals, warnings, mistakes. The newest, in at most three rows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from haops.errors import HaopsError, InputError
from haops.ui.presenters.lines import Line, Role, Span, crop, line, wrap

if TYPE_CHECKING:
    from haops.core.commands import Command

# No higher than its place on the screen, which the style sheet sets.
MOST_ROWS = 3
_ROLES = {"critical": Role.BAD, "warning": Role.WARN}
# By name: this is loaded before the first frame, and commands are not.
_DONE: Mapping[str, str] = {"AddNote": "Noted: it is in the journal."}
"""Name of a command -> what is said once it is on disk, for those that change nothing else on the screen."""


def notice_lines(texts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Return the newest (severity, text), or one empty row."""
    if not texts:
        return [Line()]
    severity, text = texts[-1]
    rows = wrap(line(Span(f" {text}", _ROLES.get(severity, Role.ACCENT))), width, indent=" ")
    if len(rows) <= MOST_ROWS:
        return rows
    # Joined, so that the mark of the cut stands where the text goes on.
    rest = Line(tuple(span for row in rows[MOST_ROWS - 1 :] for span in row.spans))
    return [*rows[: MOST_ROWS - 1], crop(rest, width)]


def done_words(command: "Command") -> str:
    """Return what is said once a command is carried out; empty where the screen shows it anyway."""
    return _DONE.get(type(command).__name__, "")


def error_text(error: HaopsError) -> str:
    """Return what happened first, then the first mistake and what to try, then where."""
    problem = error.problems[0] if isinstance(error, InputError) and error.problems else None
    mistake = f": {problem.message}" if problem else ""
    remedy = error.remedy or (problem.remedy if problem else "")
    place = f" ({error.where})" if error.where else ""
    return f"{error.message}{mistake}.{f' Try: {remedy}.' if remedy else ''}{place}"
