"""The user's own keys: a YAML file that maps action ids to keys. Owns its format and its mistakes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from textual.binding import Binding

from haops.errors import Problem, SettingsError
from haops.ui.actions import BY_ID
from haops.ui.flat_yaml import read_flat
from haops.ui.places import places


def load_keymap(file: Path, app: type) -> dict[str, str]:
    """Read a keymap for an app of this class. Raises SettingsError with every mistake of the file."""
    found = read_flat(file)
    # The reader keeps no lines: the name in the message is what can be looked for.
    problems = tuple(Problem(str(file), 0, 0, message, remedy) for message, remedy in _mistakes(found, app))
    if problems:
        raise SettingsError("the keymap has mistakes", where=str(file), problems=problems)
    return found


def _mistakes(found: Mapping[str, str], app: type) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, and the remedy: unknown actions, keys that are no text, one key for two actions."""
    taken: dict[str, str] = {}
    for name, keys in found.items():
        if name not in BY_ID:
            yield f"there is no action {name!r}", "? lists the actions"
        elif not all(key.strip() for key in keys.split(",")):
            yield f"{name} has no key", 'as in `session.skip: "s"`'
        else:
            kept = {} if keys == BY_ID[name].keys else _kept(name, found, app)
            yield from _clashes(name, keys, taken, kept)


def _clashes(name: str, keys: str, taken: dict[str, str], kept: Mapping[str, Binding]) -> Iterator[tuple[str, str]]:
    """Yield which keys of an action are taken: by one before it in the file, or by what the file leaves as it is."""
    for written, key in zip(keys.split(","), _names(keys), strict=True):
        # Where a default key meets one of the toolkit's, haops has seen to it who wins.
        other = None if key in _names(BY_ID[name].keys) else kept.get(key)
        if key in taken:
            yield f"{name}: key {written} is taken by {taken[key]}", "choose another"
        elif other is not None and other.id in BY_ID:
            yield f"{name}: key {written} is taken by {other.id}", f"choose another, or give {other.id} a key here too"
        elif other is not None:
            yield f"{name}: key {written} is taken by {other.tooltip or other.description!r}", "choose another"
        taken[key] = name


def _names(keys: str) -> list[str]:
    """Return the toolkit's names of keys: `?` and `question_mark` are the same."""
    return [binding.key for binding in Binding.make_bindings([Binding(keys, "")])]


def _kept(name: str, found: Mapping[str, str], app: type) -> dict[str, Binding]:
    """Return key -> what has it on a screen where an action holds, and keeps it."""
    holds_on = [place for place in places(app) if any(binding.id == name for binding in place)]
    kept = [binding for place in holds_on for binding in place if binding.id != name and binding.id not in found]
    # Of two, the one that no keymap can change: to name the other first would promise too much.
    return {binding.key: binding for binding in sorted(kept, key=lambda one: one.id not in BY_ID)}
