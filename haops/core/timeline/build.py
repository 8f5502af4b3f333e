"""From the records of a session to its timeline.

Owns how records become a timeline. Durations come from the monotonic clock within one boot; where the boot changed, the
wall clock has to do. Must never fail on a strange history: what does not fit is a remark.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from haops.core import events as ev
from haops.core.session import Entry, RunbookReader, Session, apply
from haops.core.states import IllegalEvent
from haops.core.timeline.attempts import attempts_of, evidence_of
from haops.core.timeline.moments import durations_between, key_moments
from haops.core.timeline.sentences import Roles, tell
from haops.core.timeline.spans import lanes_of
from haops.core.timeline.values import (
    Category,
    Happening,
    Moment,
    Noted,
    ObjectiveTold,
    Row,
    RunbookUsed,
    Timeline,
)
from haops.errors import HaopsError

if TYPE_CHECKING:
    from datetime import datetime

_MOMENT_CATEGORIES = {
    "first_bad_signal": Category.DETECTION,
    "mitigated": Category.MITIGATED,
    "resolved": Category.RESOLVED,
}

_REMARKS_SHOWN = 3
# A journal whose first record cannot be folded has a timeline all the same.
_NEVER_OPENED = ev.SessionOpened(
    cluster="", mode="", operator="", haops_version="", inventory_source="", inventory_digest="", inventory=""
)


def build_timeline(session_id: str, records: Sequence[Noted], read_runbook: RunbookReader) -> Timeline:
    """Return the timeline of a session's records. Raises ValueError if there are none."""
    if not records:
        raise ValueError("a journal without records has no timeline")
    happenings, remarks = _happenings(records, read_runbook)
    roles = Roles()
    moments = key_moments(happenings)
    rows = _rows(happenings, moments, roles)
    last = happenings[-1]
    opened = last.session.opened or _NEVER_OPENED
    return Timeline(
        session=session_id,
        cluster=opened.cluster,
        mode=opened.mode,
        scenario=opened.scenario,
        variant=opened.variant,
        flavour=opened.flavour,
        haops_version=opened.haops_version,
        outcome=last.session.outcome,
        begun=happenings[0].at,
        ended=last.at,
        length_ms=last.offset_ms,
        engineers=len(roles.known),
        records=len(records),
        head=records[-1].hash,
        rows=rows,
        moments=moments,
        durations=durations_between(moments),
        lanes=lanes_of(happenings),
        attempts=attempts_of(happenings),
        runbooks=tuple(_runbooks(happenings)),
        objectives=tuple(_objectives(happenings)),
        rejected={h.seq: _not_taken(h.event) for h in happenings if isinstance(h.event, ev.OptionChosen)},
        overrides={
            h.seq: h.event.overrides for h in happenings if isinstance(h.event, ev.StepConfirmed) and h.event.overrides
        },
        remarks=(*remarks, *_clock_remarks(happenings)),
    )


def _happenings(records: Sequence[Noted], read_runbook: RunbookReader) -> tuple[list[Happening], list[str]]:
    """Return each record with its offset and the session after it, and remarks on what could not be folded."""
    told: list[Happening] = []
    remarks: list[str] = []
    session = Session()
    for noted, offset_ms in zip(records, _offsets(records), strict=True):
        try:
            entry = Entry(seq=noted.seq, wall=noted.at.isoformat(), event=noted.event)
            session = apply(session, entry, read_runbook)
        # HaopsError: the text that was kept may be no runbook for this haops.
        except (IllegalEvent, HaopsError) as problem:
            reason = problem.message if isinstance(problem, HaopsError) else str(problem)
            remarks.append(f"record {noted.seq} does not fit what came before it: {reason}")
        told.append(
            Happening(
                seq=noted.seq, at=noted.at, offset_ms=offset_ms, hash=noted.hash, event=noted.event, session=session
            )
        )
    # One lost record may make hundreds of others not fit.
    if len(remarks) > _REMARKS_SHOWN:
        remarks[_REMARKS_SHOWN:] = [f"{len(remarks) - _REMARKS_SHOWN} more records do not fit"]
    return told, remarks


def _offsets(records: Sequence[Noted]) -> Iterable[int]:
    """Yield milliseconds since the first record; never backwards."""
    anchor = before = records[0]
    anchor_us = offset_us = 0
    for noted in records:
        if noted.boot != anchor.boot:
            # Another boot, another monotonic clock: between the two only the wall clock can tell.
            passed_us = int((noted.at - before.at).total_seconds() * 1_000_000)
            anchor, anchor_us = noted, offset_us + max(passed_us, 0)
        offset_us = max(offset_us, anchor_us + noted.mono_us - anchor.mono_us)
        before = noted
        yield offset_us // 1000


def _rows(happenings: Iterable[Happening], moments: Sequence[Moment], roles: Roles) -> tuple[Row, ...]:
    """Return the rows, with the key moments marked on them."""
    marks: dict[int, list[Moment]] = {}
    for moment in moments:
        marks.setdefault(moment.seq, []).append(moment)
    rows = []
    for happening in happenings:
        telling = tell(happening, roles)
        if telling:
            here = marks.get(happening.seq, [])
            categories = [_MOMENT_CATEGORIES[m.name] for m in here if m.name in _MOMENT_CATEGORIES]
            rows.append(
                Row(
                    at=happening.at,
                    offset_ms=happening.offset_ms,
                    # Of several key moments on one row the last in their order weighs most.
                    category=(categories or [telling.category])[-1],
                    source=telling.source,
                    sentence=telling.sentence,
                    evidence=evidence_of(happening),
                    moment=", ".join(moment.title for moment in here),
                )
            )
    return tuple(rows)


def _runbooks(happenings: Iterable[Happening]) -> Iterable[RunbookUsed]:
    """Yield the runbooks that were taken up."""
    for happening in happenings:
        event = happening.event
        if isinstance(event, ev.RunbookChosen):
            title = happening.session.runbook.title if happening.session.runbook else ""
            yield RunbookUsed(name=event.name, title=title, digest=event.digest, at=happening.at)


def _objectives(happenings: Iterable[Happening]) -> Iterable[ObjectiveTold]:
    """Yield the objectives of a drill as they were measured last."""
    # The last of each name: a drill that was gone on with is measured again.
    measured = {h.event.name: h.event for h in happenings if isinstance(h.event, ev.ObjectiveMeasured)}
    for event in measured.values():
        yield ObjectiveTold(name=event.name, target=event.target, actual=event.actual, unit=event.unit, met=event.met)


def _not_taken(event: ev.OptionChosen) -> dict[str, str]:
    """Return the options of a decision that were not taken, with why they were or were not open."""
    return {option: why for option, why in event.offered.items() if option != event.value}


def _clock_remarks(happenings: Iterable[Happening]) -> Iterable[str]:
    """Yield what makes wall clock times unreliable."""
    before: datetime | None = None
    for happening in happenings:
        if isinstance(happening.event, ev.ClockJumped):
            jump_s = happening.event.offset_ms / 1000
            yield f"the wall clock jumped by {jump_s:+.1f} s before record {happening.seq}; durations are not touched"
        elif before and happening.at < before:
            yield f"record {happening.seq} has an earlier wall time than the one before it; the order is the journal's"
        before = happening.at
