"""Where in a file a value stands, down to one character of a text.

Owns places. Must never know what the values mean. Lines and columns count from 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The way from the top of a document to a value: keys and list positions."""

# YAML 1.1: \xNN, \uNNNN, \UNNNNNNNN; every other escape has two characters.
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}
_BLANK = " \t\n"


class Place(NamedTuple):
    """A line and a column of a file, both from 1; 0 means the whole file."""

    line: int
    column: int


WHOLE_FILE = Place(0, 0)


@dataclass(frozen=True, slots=True)
class ScalarPlace:
    """How one scalar is written: its style (None plain, ' or ", | or >) and where its writing begins and ends."""

    style: str | None
    begin: int
    end: int


@dataclass(slots=True)
class Places:
    """The places of one document's keys and values. `text` is the file's own text, with line ends as one newline."""

    text: str
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    scalars: dict[Path, ScalarPlace] = field(default_factory=dict)

    def of(self, path: Path) -> Place:
        """Return where the value stands, or the nearest thing above it that is in the file."""
        return self.values.get(self.written(path), WHOLE_FILE)

    def written(self, path: Path) -> Path:
        """Return the parts of a path that are in the file.

        A schema's path may name a variant, or the long form of something short, that nobody wrote.
        """
        found: Path = ()
        for part in path:
            if (*found, part) in self.values:
                found = (*found, part)
        return found

    def of_key(self, path: Path) -> Place:
        """Return where the key stands, or else its value."""
        return self.keys.get(self.written(path)) or self.of(path)

    def inside(self, path: Path, offset: int, value: str) -> Place:
        """Return where the character at `offset` of a scalar's value stands in the file."""
        scalar = self.scalars.get(path)
        if scalar is None:
            return self.of(path)
        return place_at(self.text, _writing_offset(self.text, scalar, value, offset))


def place_at(text: str, index: int) -> Place:
    """Return the place of one character of a text."""
    before = text[:index]
    return Place(before.count("\n") + 1, index - before.rfind("\n"))


def _writing_offset(text: str, scalar: ScalarPlace, value: str, offset: int) -> int:
    """Return the index in the file of one character of a scalar's value."""
    at = scalar.begin
    for position, at in enumerate(_alignment(text, scalar, value)):  # noqa: B007 - the last one counts
        if position >= offset:
            break
    return at


def _alignment(text: str, scalar: ScalarPlace, value: str) -> Iterator[int]:
    """Yield, for each character of the value, the index in the file where it is written."""
    at = _first(text, scalar)
    for character in value:
        at = _skip_to(text, at, scalar, character)
        yield at
        at += _width(text, at, scalar)
    yield at


def _first(text: str, scalar: ScalarPlace) -> int:
    """Return where a scalar's own characters begin: after the quote, or in the line after a block's header."""
    if scalar.style in ("|", ">"):
        return text.find("\n", scalar.begin) + 1
    return scalar.begin + (1 if scalar.style else 0)


def _skip_to(text: str, at: int, scalar: ScalarPlace, character: str) -> int:
    """Return the next index that can stand for the character: indentation and folded line ends are passed over."""
    while at < scalar.end:
        # An escaped line end joins two lines, without the indentation of the second.
        if scalar.style == '"' and text.startswith("\\\n", at):
            at += 2 + _indentation(text, at + 2)
        elif character not in _BLANK and text[at] in _BLANK:
            at += 1
        else:
            break
    return at


def _indentation(text: str, at: int) -> int:
    """Return how many spaces and tabs begin here."""
    rest = text[at : text.find("\n", at)]
    return len(rest) - len(rest.lstrip(" \t"))


def _width(text: str, at: int, scalar: ScalarPlace) -> int:
    """Return how many characters of the file write one character of the value."""
    if scalar.style == '"' and text[at : at + 1] == "\\":
        return _ESCAPE_LENGTHS.get(text[at + 1 : at + 2], 2)
    return 2 if scalar.style == "'" and text[at : at + 2] == "''" else 1
