"""Words for a person who mistyped: the nearest known name, or the names there are.

Owns the sentence after a mistake. Must never decide what is a mistake.
"""

import difflib
from collections.abc import Collection, Iterable

_LISTED = 8
# difflib's own cutoff.
_ALIKE = 0.6


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name that is most like the word, or an empty text if none is."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=_ALIKE)
    return by_folded[found[0]] if found else ""


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return `did you mean X?`, or `one of: ...` where nothing is alike; empty if nothing is known."""
    found = nearest(word, known)
    if found:
        return f"did you mean {found}?"
    if not known:
        return ""
    listed = sorted(known)
    more = f", and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"one of: {', '.join(listed[:_LISTED])}{more}"
