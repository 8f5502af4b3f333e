"""The user's own keys: a YAML file that maps action ids to keys. Owns its format and its mistakes."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from haops.errors import Problem, SettingsError
from haops.ui.actions import BY_ID


def load_keymap(file: Path) -> dict[str, str]:
    """Read a keymap. Raises SettingsError with every mistake of the file."""
    import yaml  # noqa: PLC0415 - only themes and keymaps need it, and it costs time

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"the keymap cannot be read: {error}", where=str(file)) from None
    if not isinstance(found, dict):
        raise SettingsError("a keymap is a mapping of action ids to keys", where=str(file))
    problems = tuple(_problems(found, file))
    if problems:
        raise SettingsError("the keymap has mistakes", where=str(file), problems=problems)
    return {str(name): str(keys) for name, keys in found.items()}


def _problems(found: Mapping[object, object], file: Path) -> Iterable[Problem]:
    """Yield what is wrong: unknown actions, keys that are no text, one key for two actions."""
    taken: dict[str, object] = {}
    for name, keys in found.items():
        if name not in BY_ID:
            yield Problem(str(file), 0, 0, f"there is no action {name!r}", "? lists the actions")
        elif not isinstance(keys, str) or not keys.strip():
            yield Problem(
                str(file), 0, 0, f"{name}: keys are text, as in 'q,ctrl+q'", 'put digits and y in quotes: "y"'
            )
        else:
            for key in keys.split(","):
                if key in taken:
                    yield Problem(str(file), 0, 0, f"{name}: key {key} is taken by {taken[key]}", "choose another")
                taken[key] = name
