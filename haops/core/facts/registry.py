"""The registry of facts: each is a name, a meaning, the observations that it rests on, and a pure function."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from haops.core.inventory import EtcdMemberAddress, Inventory
from haops.core.observations import EtcdMember, Kind, Picture


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture together with the inventory that says what should be in it."""

    picture: Picture
    inventory: Inventory

    def looked_at(self, kind: Kind) -> bool:
        """Return whether anything of this kind was observed at all."""
        return any(True for _ in self.picture.of(kind))

    def values(self, kind: Kind) -> Iterator[tuple[str, Any]]:
        """Yield (subject, value) of what answered last time."""
        return ((subject, sight.newest.value) for subject, sight in self.picture.of(kind) if sight.newest.ok)

    def unasked(self, kind: Kind) -> int:
        """Return how many things of this kind could not be asked, so that nothing is known of them."""
        return sum(sight.newest.unasked for _, sight in self.picture.of(kind))

    def unknown(self, kind: Kind, expected: Iterable[str]) -> int:
        """Return of how many of the subjects nothing is known: not asked yet, or they could not be asked."""
        # By name: others are looked at as well, such as the virtual address.
        sights = (self.picture.get(kind, subject) for subject in expected)
        return sum(sight is None or sight.newest.unasked for sight in sights)

    def etcd_members(self) -> tuple[tuple[EtcdMemberAddress, EtcdMember], ...]:
        """Return the members that answer, with their addresses, in inventory order."""
        expected = self.inventory.etcd.members if self.inventory.etcd else ()
        pairs = ((member, self.picture.value(Kind.ETCD_MEMBER, member.name)) for member in expected)
        return tuple((member, value) for member, value in pairs if value is not None)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about the cluster or about a host."""

    name: str
    meaning: str
    rests_on: tuple[Kind, ...]
    derive: Callable[..., Any]


FACTS: dict[str, Fact] = {}
HOST_FACTS: dict[str, Fact] = {}

Derivation = Callable[[Seen], Any]
HostDerivation = Callable[[Seen, str], Any]


def fact(name: str, meaning: str, *rests_on: Kind) -> Callable[[Derivation], Derivation]:
    """Register a function as a fact about the cluster. It returns None for "not known"."""

    def register(function: Derivation) -> Derivation:
        """Take the function into the registry."""
        FACTS[name] = Fact(name, meaning, rests_on, function)
        return function

    return register


def host_fact(name: str, meaning: str, *rests_on: Kind) -> Callable[[HostDerivation], HostDerivation]:
    """Register a function as a fact about one host. It returns None for "not known"."""

    def register(function: HostDerivation) -> HostDerivation:
        """Take the function into the registry."""
        HOST_FACTS[name] = Fact(name, meaning, rests_on, function)
        return function

    return register
