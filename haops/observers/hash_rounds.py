"""Which revision the members are to be hashed at, so that their hashes can be compared.

Members are looked at one by one and revisions move on meanwhile; hashes compare only at the same one. So the first look
of a round fixes a revision that all members have, and the others of that round hash at it too. Must never ask anything
itself. Safe to use from several threads.
"""

import threading
from dataclasses import dataclass, field

# Hashing reads the whole key space: 30 ms for a small one, and more with every key.
ROUND_S = 10.0
# A member that has been silent for longer would hold the revision back to one that others may have compacted.
_FRESH_S = 5.0


@dataclass(frozen=True, slots=True)
class Hashed:
    """A member's HashKV: comparable with another's only if `revision` and `compact_revision` are the same."""

    value: int
    revision: int
    compact_revision: int


@dataclass(slots=True)
class _Round:
    """One comparison: a revision and the hashes at it."""

    revision: int
    began_s: float
    hashes: dict[str, Hashed] = field(default_factory=dict)


class HashRounds:
    """The comparison that is under way and the one before it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revisions: dict[str, tuple[int, float]] = {}
        # Over before it began: the first look opens a round.
        self._current = _Round(0, float("-inf"))
        self._before = self._current

    def revision_for(self, member: str, revision: int, *, now_s: float, max_age_s: float = ROUND_S) -> int | None:
        """Note the member's revision; return the one to hash at, or None if it has been hashed in this round."""
        with self._lock:
            self._revisions[member] = (revision, now_s)
            if now_s - self._current.began_s >= max_age_s:
                self._before, self._current = self._current, _Round(self._lowest(now_s), now_s)
            return None if member in self._current.hashes else self._current.revision

    def keep(self, member: str, hashed: Hashed) -> None:
        """Note a hash."""
        with self._lock:
            if hashed.revision == self._current.revision:
                self._current.hashes[member] = hashed

    def latest(self, member: str) -> Hashed | None:
        """Return the member's hash of the newest round that is complete, so that all members show the same round."""
        with self._lock:
            complete = self._before.hashes.keys() <= self._current.hashes.keys()
            first, second = (self._current, self._before) if complete else (self._before, self._current)
            return first.hashes.get(member) or second.hashes.get(member)

    def _lowest(self, now_s: float) -> int:
        """Return the lowest revision of those members that answered lately: one that all of them have."""
        return min(revision for revision, seen_s in self._revisions.values() if now_s - seen_s < _FRESH_S)
