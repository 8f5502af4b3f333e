"""The user's own keys: a YAML file that maps action ids to keys. Owns its format and its mistakes."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from haops.errors import Problem, SettingsError
from haops.ui.actions import BY_ID
from haops.ui.flat_yaml import read_flat


def load_keymap(file: Path) -> dict[str, str]:
    """Read a keymap. Raises SettingsError with every mistake of the file."""
    found = read_flat(file)
    problems = tuple(_problems(found, file))
    if problems:
        raise SettingsError("the keymap has mistakes", where=str(file), problems=problems)
    return found


def _problems(found: Mapping[str, str], file: Path) -> Iterable[Problem]:
    """Yield what is wrong: unknown actions, keys that are no text, one key for two actions."""
    taken: dict[str, str] = {}
    for name, keys in found.items():
        if name not in BY_ID:
            # The reader keeps no lines: the name in the message is what can be looked for.
            yield Problem(str(file), 0, 0, f"there is no action {name!r}", "? lists the actions")
        elif not keys.strip():
            yield Problem(str(file), 0, 0, f"{name} has no key", 'as in `session.skip: "s"`')
        else:
            for key in keys.split(","):
                if key in taken:
                    yield Problem(str(file), 0, 0, f"{name}: key {key} is taken by {taken[key]}", "choose another")
                taken[key] = name
