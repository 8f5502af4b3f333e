"""Facts: values that conditions can name, derived from what was observed.

Owns the list of fact names with their meaning, and the derivation. A fact that nothing was observed for is absent, not
zero: a condition on it is neither true nor false. Must never judge (`signals` do).
"""

from collections.abc import Mapping
from typing import Any

from haops.core.facts import api, etcd, hosts, kubernetes
from haops.core.facts.registry import FACTS, HOST_FACTS, Seen
from haops.core.inventory import Inventory
from haops.core.observations import Kind, Picture

FACT_NAMES: Mapping[str, str] = {name: fact.meaning for name, fact in FACTS.items()}
HOST_FACT_NAMES: Mapping[str, str] = {name: fact.meaning for name, fact in HOST_FACTS.items()}

__all__ = ["FACT_NAMES", "HOST_FACT_NAMES", "api", "derive", "derive_host", "etcd", "hosts", "kinds_for", "kubernetes"]


def derive(picture: Picture, inventory: Inventory) -> dict[str, Any]:
    """Return every fact that is known now."""
    seen = Seen(picture, inventory)
    found = {name: fact.derive(seen) for name, fact in FACTS.items()}
    return {name: value for name, value in found.items() if value is not None}


def derive_host(picture: Picture, inventory: Inventory, host: str) -> dict[str, Any]:
    """Return every `host.*` fact that is known now about one host."""
    seen = Seen(picture, inventory)
    found = {name: fact.derive(seen, host) for name, fact in HOST_FACTS.items()}
    return {name: value for name, value in found.items() if value is not None}


def kinds_for(names: tuple[str, ...]) -> frozenset[Kind]:
    """Return the kinds of observation that these facts rest on, so that they can be looked at afresh."""
    known = [FACTS.get(name) or HOST_FACTS.get(name) for name in names]
    return frozenset(kind for fact in known if fact for kind in fact.rests_on)
