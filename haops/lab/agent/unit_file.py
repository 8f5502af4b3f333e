"""Unit files: the part of systemd.unit(5) and systemd.service(5) that control-plane services use.

Owns parsing text into values. Must never read files or run anything.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h)?")
_UNIT_S = {"ms": 0.001, "": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
# systemd.service(5), before a command: how a failure counts, and with which rights it runs.
_PREFIXES = "-@:+!"
_COMMANDS = ("ExecStart", "ExecStartPre", "ExecStartPost", "ExecStop", "ExecReload")

Settings = dict[str, list[str]]
"""Values by key, in file order; a key given empty forgets what came before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFile:
    """A service as its file and drop-ins describe it; durations in seconds."""

    name: str
    paths: tuple[str, ...]
    description: str
    settings: Mapping[str, Sequence[str]]

    def value(self, key: str, default: str = "") -> str:
        """Return the last value of `key`."""
        values = self.settings.get(key, ())
        return values[-1] if values else default

    def commands(self, key: str, environment: Mapping[str, str]) -> list[list[str]]:
        """Return the argument lists of an Exec key, variables put in as systemd does (unknown ones are empty)."""
        return [list(_arguments(line, environment)) for line in self.settings.get(key, ())]

    def may_fail(self, key: str) -> list[bool]:
        """Tell of each command of an Exec key whether a failure of it is ignored (prefix `-`)."""
        lines = self.settings.get(key, ())
        return ["-" in line[: len(line) - len(line.lstrip(_PREFIXES))] for line in lines]

    def duration_s(self, key: str, default: float) -> float:
        """Return a time span such as `5`, `100ms` or `1min 30s`; "infinity" is infinite."""
        text = self.value(key)
        # systemd takes a timeout of 0 for none, like infinity.
        if text in {"infinity", "0"} and key.startswith("Timeout"):
            return float("inf")
        if not text:
            return default
        return sum(float(number) * _UNIT_S[unit] for number, unit in _DURATION.findall(text))

    @property
    def has_bad_setting(self) -> bool:
        """Tell whether systemd refuses to load it: no ExecStart, or several where only a oneshot unit may have them."""
        count = len(self.settings.get("ExecStart", ()))
        return count == 0 or (count > 1 and self.value("Type") != "oneshot")

    @property
    def wanted_by(self) -> tuple[str, ...]:
        """Targets that `systemctl enable` links this unit into."""
        return tuple(word for line in self.settings.get("WantedBy", ()) for word in line.split())

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the Environment key."""
        words = (word for line in self.settings.get("Environment", ()) for word in shlex.split(line))
        return dict(word.split("=", 1) for word in words if "=" in word)


def parse_unit(name: str, files: Sequence[tuple[str, str]]) -> UnitFile:
    """Make one unit of its file and its drop-ins, given as (path, text) in the order in which they apply."""
    settings: Settings = {}
    for _, text in files:
        for key, value in _assignments(text):
            if value == "":
                settings.pop(key, None)
            elif key in _COMMANDS or key in {"Environment", "EnvironmentFile", "WantedBy"}:
                settings.setdefault(key, []).append(value)
            else:
                settings[key] = [value]
    description = settings.get("Description", [name])[-1]
    return UnitFile(name=name, paths=tuple(path for path, _ in files), description=description, settings=settings)


def parse_environment_file(text: str) -> dict[str, str]:
    """Return the variables of an EnvironmentFile."""
    pairs = (line.split("=", 1) for line in _lines(text) if "=" in line)
    return {key.strip(): " ".join(shlex.split(value)) for key, value in pairs}


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in _lines(text):
        key, separator, value = line.partition("=")
        # Sections are passed over: no key that counts here stands in two of them.
        if separator and not line.startswith("["):
            yield key.strip(), value.strip()


def _lines(text: str) -> Iterator[str]:
    """Yield whole lines: continued ones joined, comments and blanks left out."""
    pending = ""
    for raw in text.splitlines():
        line = raw.strip()
        # In the middle of a continued line too, where systemd passes over them as well.
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        if pending + line:
            yield pending + line
        pending = ""
    if pending:
        yield pending


def _arguments(line: str, environment: Mapping[str, str]) -> Iterator[str]:
    for position, word in enumerate(shlex.split(line)):
        bare = word.lstrip(_PREFIXES) if position == 0 else word
        whole = re.fullmatch(r"\$(\w+)", bare)
        if whole:  # an unbraced variable that is a word of its own is split into words
            yield from environment.get(whole.group(1), "").split()
        else:
            yield _VARIABLE.sub(lambda found: environment.get(found.group(1) or found.group(2), ""), bare)
