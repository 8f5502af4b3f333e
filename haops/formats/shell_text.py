"""What can be read off a POSIX shell script without running it: which variables it uses and which it sets.

Owns this rough reading. It knows quotes, comments and quoted here-documents, and no more of the shell's grammar. Must
never judge (`script_lint` does).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_EXPANSION = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{#?([A-Za-z_][A-Za-z0-9_]*)([^}]*)\})")
_SETS = re.compile(
    r"(?:^|[\s;&|(])(?:([A-Za-z_]\w*)\+?=|for\s+([A-Za-z_]\w*)\s|getopts\s+\S+\s+([A-Za-z_]\w*))", re.MULTILINE
)
_READS = re.compile(r"\bread\s+((?:-\w+\s+)*)([A-Za-z_][\w ]*)")
# Quoted ones only: in every other here-document the shell expands variables (POSIX, 2.7.4).
_HERE = re.compile(r"<<-?\s*(['\"\\])(\w+)['\"]?")
_HAS_FALLBACK = ("-", ":-", "=", ":=", "+", ":+", "?", ":?")


class Expansion(NamedTuple):
    """A variable that a script uses, where, and whether the script says what happens when it is not set."""

    name: str
    offset: int
    has_fallback: bool


def expansions(script: str) -> Iterator[Expansion]:
    """Yield the variables that the script itself expands; not those that another program reads."""
    for found in _EXPANSION.finditer(without_literals(script)):
        name = found[1] or found[2]
        yield Expansion(name, found.start(), (found[3] or "").startswith(_HAS_FALLBACK))


def assigned(script: str) -> frozenset[str]:
    """Return the names that the script sets: by =, for, read, getopts."""
    bare = without_literals(script)
    names = {name for found in _SETS.finditer(bare) for name in found.groups() if name}
    for found in _READS.finditer(bare):
        names |= set(found[2].split())
    return frozenset(names)


def without_literals(script: str) -> str:
    """Return the script with comments, single-quoted text and quoted here-documents blanked out, at equal length."""
    blanked = list(script)
    for begin, end in _literals(script):
        for at in range(begin, end):
            # Line ends stay, so that offsets and lines are those of the script.
            blanked[at] = " " if blanked[at] != "\n" else "\n"
    return "".join(blanked)


def _literals(script: str) -> Iterator[tuple[int, int]]:
    """Yield where text begins and ends that the shell passes on as it stands."""
    at, doubled = 0, False
    while at < len(script):
        end = at + 1
        match script[at]:
            case "\\":
                end = at + 2
                yield at, min(end, len(script))
            # Not passed over: the shell expands variables in double quotes.
            case '"':
                doubled = not doubled
            case "'" if not doubled:
                end = _after(script, "'", at + 1)
                yield at, end
            # In the middle of a word it is a character like any other.
            case "#" if not doubled and (at == 0 or script[at - 1].isspace()):
                end = _after(script, "\n", at)
                yield at, end
            case "<" if not doubled and (here := _HERE.match(script, at)):
                begin = _after(script, "\n", here.end())
                # From the newline before the text: an empty one ends at once.
                end = _after(script, f"\n{here[2]}\n", begin - 1)
                yield begin, end
        at = end


def _after(script: str, mark: str, start: int) -> int:
    """Return the index after the next mark, or the script's end."""
    found = script.find(mark, start)
    return len(script) if found < 0 else found + len(mark)
