"""Command lines as the scripts of a host pass them on: options told from the rest.

Must never know which program they were meant for.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed command line: values by option (a flag's value is empty), and the words that are no options."""

    options: dict[str, list[str]]
    words: list[str]

    def has(self, *names: str) -> bool:
        """Tell whether one of the options was given."""
        return any(name in self.options for name in names)

    def value(self, *names: str) -> str:
        """Return the last value of an option, empty if it was not given."""
        return next((self.options[name][-1] for name in names if name in self.options), "")

    def values(self, *names: str) -> list[str]:
        """Return every value of an option."""
        return [value for name in names for value in self.options.get(name, ())]


def parse(arguments: Sequence[str], with_value: Collection[str]) -> Asked:
    """Parse `--long=value`, `--long value`, `-s value`, `-svalue` and flags in one word (`-aq`)."""
    options: dict[str, list[str]] = {}
    words: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            words.extend(rest)
        elif word.startswith("-") and len(word) > 1:
            for name, value in _options(word, rest, with_value):
                options.setdefault(name, []).append(value)
        else:
            words.append(word)
    return Asked(options, words)


def _options(word: str, rest: Iterator[str], with_value: Collection[str]) -> Iterator[tuple[str, str]]:
    name, separator, value = word.partition("=")
    if word.startswith("--"):
        yield name, value if separator or name not in with_value else next(rest, "")
        return
    for position, letter in enumerate(word[1:], start=2):
        if f"-{letter}" in with_value:
            yield f"-{letter}", word[position:].removeprefix("=") or next(rest, "")
            return
        yield f"-{letter}", ""
