"""The key line: at most six keys, those that lead on from where the operator is."""

from collections.abc import Mapping, Sequence

from haops.ui.actions import BY_ID
from haops.ui.presenters.lines import Line, Role, Span, crop, line, spread

# What 80 columns hold with their words; the help lists all keys.
MOST_KEYS = 6
_SHORT = {
    "escape": "esc",
    "question_mark": "?",
    "colon": ":",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "page up",
    "pagedown": "page down",
}


def key_line(actions: Sequence[tuple[str, str]], width: int) -> Line:
    """Return (key, words) pairs on one line; the last stands at the right edge. Words give way, keys do not."""
    # The last one leads out: it is there however many come before it.
    shown = list(actions[: MOST_KEYS - 1]) + list(actions[-1:] if len(actions) >= MOST_KEYS else [])
    if not shown:
        return line()
    *most, last = shown
    left = line(" ", *(part for key, words in most for part in _pair(key, words)))
    # `spread` cuts the left part only; on a very narrow screen the last pair alone is too wide.
    return crop(spread(left, line(*_pair(*last)), width), width)


def _pair(key: str, words: str) -> tuple[Span, Span]:
    """Return a key and what it does."""
    return Span(key, Role.KEY), Span(f" {words}   ")


def shown_key(keys: str, changed: Mapping[str, str], action_id: str) -> str:
    """Return the first key of an action as a person types it, with the user's own keymap applied."""
    return all_keys(keys, changed, action_id)[0]


def all_keys(keys: str, changed: Mapping[str, str], action_id: str) -> list[str]:
    """Return every key of an action as a person types it, with the user's own keymap applied."""
    return [typed(key) for key in changed.get(action_id, keys).split(",")]


def typed(key: str) -> str:
    """Return a key as a person calls it; the toolkit has names of its own."""
    return _SHORT.get(key, key)


def help_key(changed: Mapping[str, str], *, while_typing: bool) -> str:
    """Return the key that opens the help; while something is typed, one that is no part of a text."""
    keys = all_keys(BY_ID["app.help"].keys, changed, "app.help")
    # One sign would end up in the text: it takes a key with a name.
    return next((key for key in keys if len(key) > 1), keys[0]) if while_typing else keys[0]
