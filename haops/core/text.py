"""The one gate for text that came from elsewhere: what a person sees is what is there, and none of it acts.

Owns the rules for showing remote text on a terminal, in a journal view and in an export. Must never change what is
kept: the journal holds the bytes as received, and these functions make the picture of them.
"""

import re
import unicodedata
from collections.abc import Iterator

MARK = "…"
# As terminals have it unless told otherwise.
TAB_STOP = 8
# Written languages get by with fewer; hundreds of them would paint over the lines around.
_COMBINING_LIMIT = 4

# Controls (Cc but tab and newline), format characters (Cf: bidi, zero-width, tags), line and paragraph separators, lone
# surrogates, and the letters and marks that Unicode lists as default-ignorable: all of them act or hide.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN_OR_NEWLINE = re.compile(f"[{_UNSEEN}\n]")
# No combining mark lies below U+0300, so only such runs can hold a pile of them.
_MAYBE_PILED = re.compile(f"[\u0300-\U0010ffff]{{{_COMBINING_LIMIT + 1},}}")


def visible(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return the text with every character that acts or hides written out: ESC becomes the four letters `\x1b`.

    Tab stays; a newline stays only on request. More than four combining marks in a row are written out too. Backslashes
    are not doubled, so that a script reads as it is; the result is for eyes and is not meant to be read back.
    """
    hidden = _HIDDEN if keep_newlines else _HIDDEN_OR_NEWLINE
    # Nearly every text is: ten times faster than the patterns below, and every cell of the screen comes through here.
    if text.isascii():
        return text if text.isprintable() else hidden.sub(_escape_match, text)
    return hidden.sub(_escape_match, _MAYBE_PILED.sub(_unpile, text))


def unseen(text: str) -> Iterator[int]:
    """Yield the offset of every character but tab and newline that acts or hides: what `visible` would write out."""
    return (match.start() for match in _HIDDEN.finditer(text))


def decode(content: bytes) -> str:
    r"""Return the bytes as text; what is not UTF-8 is written out as `\xff`."""
    return content.decode("utf-8", "backslashreplace")


def cells(text: str) -> int:
    """Return how many terminal cells the text takes on one line that begins at column 0."""
    column = 0
    for character in text:
        column += _cell_count(character, column)
    return column


def cut(text: str, width: int) -> str:
    """Return at most `width` cells of the text; if anything was cut, the last cell is the mark `…`."""
    # ASCII without a tab: a cell for each character, and nearly every text is so.
    if len(text) <= width and text.isascii() and "\t" not in text:
        return text
    column = 0
    kept = 0
    for index, character in enumerate(text):
        column += _cell_count(character, column)
        if column > width:
            return text[:kept] + MARK if width > 0 else ""
        # Marks that follow a kept character cost nothing and stay with it.
        kept = index + 1 if column <= width - 1 else kept
    return text


def _cell_count(character: str, column: int) -> int:
    """Return the cells of one character at a column: wide ones take two, combining ones none, a tab up to its stop."""
    if character == "\t":
        return TAB_STOP - column % TAB_STOP
    if character.isascii():
        return 1
    if _is_combining(character):
        return 0
    # Ambiguous ones (A) are narrow, as terminals draw them unless told otherwise.
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_combining(character: str) -> bool:
    """Whether a character is drawn onto the one before it."""
    return unicodedata.category(character) in {"Mn", "Me"}


def _escape(character: str) -> str:
    r"""Return a character written out: `\x1b`, `\u202e`, `\U000e0041`."""
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - as above


def _escape_match(match: re.Match[str]) -> str:
    """Return the matched character written out."""
    return _escape(match.group())


def _unpile(match: re.Match[str]) -> str:
    """Return the run with every combining mark beyond the limit written out, so that none covers other cells."""
    piled = 0
    shown: list[str] = []
    for character in match.group():
        piled = piled + 1 if _is_combining(character) else 0
        shown.append(_escape(character) if piled > _COMBINING_LIMIT else character)
    return "".join(shown)
