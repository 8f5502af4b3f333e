"""States of watched things over time, as words: what the timeline's picture is drawn from.

Owns the word for each kind's value. Must never judge severity (`signals` do).
"""

from collections.abc import Callable, Mapping
from typing import Any

from haops.core.events import StateSeen
from haops.core.observations import ApiEndpoint, EtcdMember, Kind, Node, Observation, Picture

Words = tuple[str, str]


def _member(member: EtcdMember) -> Words:
    # What weighs most comes first: without a leader nothing is written, whatever else is true.
    if not member.leader_id:
        return "no leader", f"revision {member.revision}"
    if member.errors:
        return "alarm", "; ".join(member.errors)
    if member.is_learner:
        return "learner", ""
    return ("leader" if member.leader_id == member.member_id else "follower"), ""


def _endpoint(endpoint: ApiEndpoint) -> Words:
    return ("ready", "") if endpoint.ready else ("not ready", ", ".join(endpoint.failed_checks))


def _node(node: Node) -> Words:
    return {"True": "ready", "False": "not ready"}.get(node.ready, "unknown"), node.reason


def _reached(_value: Any) -> Words:
    return "reached", ""


_WORDS: Mapping[Kind, Callable[[Any], Words]] = {
    Kind.ETCD_MEMBER: _member,
    Kind.API_ENDPOINT: _endpoint,
    Kind.HOST: _reached,
    Kind.NODE: _node,
}


def state_of(seen: Observation) -> Words | None:
    """Return the state of what was observed in one or two words, and its detail; None if its kind has no states."""
    if seen.kind not in _WORDS:
        return None
    return _WORDS[seen.kind](seen.value) if seen.ok else ("no answer", seen.error)


class StatesSeen:
    """Remembers the last state of everything, to tell what changed."""

    def __init__(self) -> None:
        self._last: dict[tuple[Kind, str], str] = {}

    def changes(self, picture: Picture) -> list[StateSeen]:
        """Return what has another state than last time; details alone are no change."""
        changed = []
        for key, sight in picture.sights.items():
            words = state_of(sight.newest)
            if words and self._last.get(key) != words[0]:
                self._last[key] = words[0]
                changed.append(StateSeen(kind=key[0].value, subject=key[1], state=words[0], detail=words[1]))
        return changed
