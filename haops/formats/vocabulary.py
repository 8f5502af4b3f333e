"""The words that a runbook may use, handed over by the caller.

Owns what `formats` must be told about step kinds, signals, observers and facts. Must never import where they live:
formats stand below them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from haops.core.conditions import Expression
from haops.core.risk import Risk


class StepKindFields(Protocol):
    """What a step kind tells about the part of a step that stands under its key.

    `model` is anything that pydantic can validate; its value becomes the step's `action`. `needs_host` says whether
    the step must say where (`on`). `default_risk` holds when the step names none.
    """

    # Properties, because a frozen dataclass has no attribute that could be set, as a plain one would promise.
    @property
    def name(self) -> str:
        """The key: ssh, etcd, choose."""

    @property
    def model(self) -> Any:
        """The type that validates what stands under the key."""

    @property
    def needs_host(self) -> bool:
        """Whether the step runs on hosts."""

    @property
    def default_risk(self) -> Risk:
        """The risk of a step that names none."""

    def names(self, action: Any) -> tuple[Expression, ...]:
        """Return the expressions inside a validated value, so that the names they read can be checked."""


def _no_include(name: str) -> tuple[str, bytes]:
    raise LookupError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Every name that is known where the runbook will run.

    `host_facts` are full names (`host.free_bytes`). `load_include` returns the source and the bytes of another runbook,
    by name or path; it raises LookupError, or a HaopsError, if there is none.
    """

    step_kinds: Mapping[str, StepKindFields] = field(default_factory=dict)
    signals: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()
    host_facts: frozenset[str] = frozenset()
    observers: frozenset[str] = frozenset()
    load_include: Callable[[str], tuple[str, bytes]] = _no_include
