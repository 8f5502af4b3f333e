"""The shapes of a timeline: rows of what happened, key moments, durations between them, states over time.

Owns the shapes only. All of it is computed from the journal; nothing in it is typed by hand. Texts are as they were
recorded, so whoever shows them must sanitise them first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from haops.core.events import Event
from haops.core.session_state import Session


class Category(StrEnum):
    """What a row is for the postmortem (PagerDuty's and the SRE workbook's kinds of timeline entries)."""

    IMPACT_START = "impact-start"
    DETECTION = "detection"
    ALERT = "alert"
    STATUS_CHANGE = "status-change"
    DECISION = "decision"
    ACTION_START = "action-start"
    ACTION_END = "action-end"
    OBSERVATION = "observation"
    COMMS = "comms"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


class Tone(StrEnum):
    """How a state is drawn."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    BUSY = "busy"
    WAITING = "waiting"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A record as the timeline takes it: place, times, hash and event. `mono_us` compares within one `boot` only."""

    seq: int
    at: datetime
    mono_us: int
    boot: str
    hash: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A record with what it meant: milliseconds since the first record, and the session after it."""

    seq: int
    at: datetime
    offset_ms: int
    hash: str
    event: Event
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a fact can be looked up: the record's number and hash, and the outputs (name -> SHA-256) it names."""

    seq: int
    hash: str
    outputs: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        outputs = "".join(f", {name} {digest[:12]}" for name, digest in self.outputs.items())
        return f"journal {self.seq}{outputs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that happened. `source` is who or what says so, as a role; `moment` is the key moment's title."""

    at: datetime
    offset_ms: int
    category: Category
    source: str
    sentence: str
    evidence: Evidence
    moment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A key moment; `name` is its key (first_bad_signal), `title` is for people."""

    name: str
    title: str
    at: datetime
    offset_ms: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Time between two key moments in milliseconds, by the monotonic clock; None if not known, `note` says why."""

    name: str
    title: str
    milliseconds: int | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A state from one offset to another (milliseconds); a state that ends something has the same offset twice."""

    state: str
    tone: Tone
    start_ms: int
    end_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The states of one thing over time: a member, an API server, a host, a node, a step."""

    group: str
    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTold:
    """One attempt of a step with its result and what had been planned. `script` is exactly what was confirmed.

    `settled_by` says who settled an outcome that was unknown at first: probe or operator.
    """

    step: str
    title: str
    target: str
    started_at: datetime
    duration_ms: int | None
    estimate_ms: int | None
    outcome: str
    exit_status: int | None
    result: str
    script: str
    evidence: Evidence
    settled_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookUsed:
    """A runbook that was taken up: name, title, and the SHA-256 of its text."""

    name: str
    title: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveTold:
    """A drill's objective; times are in milliseconds when `unit` is ms."""

    name: str
    target: int
    actual: int | None
    unit: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Everything that the journal of one session says, ordered for people.

    `rejected` maps each decision's record to the options not taken, with why; `remarks` are what weakens the
    timeline itself (clock jumps, records that do not fit). `outcome` is done, abandoned, or empty while it is open.
    """

    session: str
    cluster: str
    mode: str
    scenario: str
    variant: str
    flavour: str
    haops_version: str
    outcome: str
    begun: datetime
    ended: datetime
    length_ms: int
    engineers: int
    records: int
    head: str
    rows: tuple[Row, ...] = ()
    moments: tuple[Moment, ...] = ()
    durations: tuple[Duration, ...] = ()
    lanes: tuple[Lane, ...] = ()
    attempts: tuple[AttemptTold, ...] = ()
    runbooks: tuple[RunbookUsed, ...] = ()
    objectives: tuple[ObjectiveTold, ...] = ()
    rejected: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    overrides: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def moment(self, name: str) -> Moment | None:
        """Return the key moment of that name, or None if it did not come."""
        return next((moment for moment in self.moments if moment.name == name), None)
