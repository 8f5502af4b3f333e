"""One consistent look at a running session: what screens, plain mode and exports show.

Owns the shape only. Everything in it is immutable, so that a screen may keep it while the session goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from haops.core.inventory import Inventory
from haops.core.observations import Kind, Picture
from haops.core.planning import StepPlan
from haops.core.session_state import Session
from haops.core.signal import Signal
from haops.core.triage import Fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell the operator that is not an event: a refusal, a journal in trouble, a lost connection."""

    at: datetime
    severity: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What an attempt has printed so far, as received (bytes are hostile), its beginning cut to `dropped_bytes`."""

    attempt: str
    stdout: bytes
    dropped_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The session, what is seen, what it means, and what would happen next.

    `plans` holds a plan for every step that is ready or waits for the operator. `intervals_s` says how often each kind
    of observation is renewed (0: only when asked). `monotonic_s` is now, on the clock of the observations. An empty
    `fits` says nothing until `has_read_runbooks`.
    """

    session: Session
    inventory: Inventory
    picture: Picture
    monotonic_s: float
    now: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    fits: tuple[Fit, ...] = ()
    plans: Mapping[str, StepPlan] = field(default_factory=dict)
    intervals_s: Mapping[Kind, float] = field(default_factory=dict)
    journal_path: str = ""
    journal_events: int = 0
    journal_lost: str = ""
    notices: tuple[Notice, ...] = ()
    is_drill: bool = False
    # A view without a session reads none, and waits for none.
    has_read_runbooks: bool = True
    operator: str = ""
