"""What the first screens and the timeline are fed from. Owns the protocols and their rows; `cli` implements them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from haops.runtime.live import LiveSession


class ChoiceKind(StrEnum):
    """What was chosen on the start screen."""

    SESSION = "session"
    """An unfinished session is to be resumed; `key` is its id."""
    CLUSTER = "cluster"
    """A new session on a cluster; `key` is its inventory's path."""
    DRILL = "drill"
    """A drill; `key` is the scenario's name."""


@dataclass(frozen=True, slots=True)
class StartChoice:
    """What the operator chose on the start screen: the app ends with it, and whoever ran the app goes on."""

    kind: ChoiceKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """An unfinished session. `waits_for` in words: `stop-api waits for you`, `restore on cp2 is unknown`."""

    id: str
    cluster: str
    runbook: str
    waits_for: str
    left_at: datetime | None = None
    is_drill: bool = False
    has_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRow:
    """A cluster that haops knows: its inventory's path, health in one line as last seen, and when that was."""

    name: str
    inventory: str
    health: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRow:
    """A scenario: when its runbook was last proven by a drill, and the best time to recovery in seconds."""

    scenario: str
    title: str
    runbook: str
    proven_at: datetime | None = None
    best_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was found and that would hurt tonight."""

    severity: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRows:
    """All that the start screen shows. `now` is the time that ages are counted from."""

    now: datetime
    sessions: tuple[SessionRow, ...] = ()
    clusters: tuple[ClusterRow, ...] = ()
    drills: tuple[DrillRow, ...] = ()
    findings: tuple[Finding, ...] = ()


class StartSource(Protocol):
    """Where the start screen's rows come from."""

    def rows(self) -> StartRows:
        """Return everything as it is on disk now; called in a thread, may take a moment."""


class Opening(Protocol):
    """A session that is opened while the first frame stands already."""

    title: str
    """What is opened, in a few words: an inventory's file, a session's id."""
    is_drill: bool
    """Whether it is a drill: the frame says so from the first moment."""

    def __call__(self) -> "LiveSession":
        """Return the session, open and begun; called in a thread, once. Raises HaopsError with the reason if not."""


class Happened(Protocol):
    """One thing that happened. `moment` names a key moment (first bad signal, decision, ...; empty: none)."""

    # Properties: what implements this is frozen, and a plain attribute would have to be settable.
    @property
    def at(self) -> datetime:
        """When, with its zone."""

    @property
    def sentence(self) -> str:
        """What happened, in words."""

    @property
    def moment(self) -> str:
        """The key moment that this is, or an empty text."""


TimelineSource = Callable[[], Sequence[Happened]]
"""Gives the timeline as it is now."""
